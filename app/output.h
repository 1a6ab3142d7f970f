#pragma once

#include "quant/output_file.h"

#include <optional>
#include <string>
#include <string_view>

namespace app {

// Where a report goes: "-" is standard output, anything else a file that appears whole or not at all.
// Buffered.
class Output {
public:
    // Throws quant::OutputError when the file cannot be made.
    explicit Output(const std::string& target);

    // Throw quant::OutputError, as when the disk is full or nobody reads the pipe.
    void write(std::string_view text);
    void commit();  // what was written is not there before; once only

private:
    void flush();

    std::optional<quant::OutputFile> m_file;
    std::string m_buffer;
};

// Writes a report that is at hand as one text, and commits it. Throws quant::OutputError.
void writeWhole(Output& output, std::string_view text);

// Writes the text to standard output. Throws quant::OutputError.
void printText(std::string_view text);

}  // namespace app
