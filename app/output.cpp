#include "app/output.h"

#include "quant/input_error.h"

#include <errno.h>
#include <unistd.h>

#include <cstring>

namespace app {

namespace {

constexpr size_t bufferBytes = size_t{1} << 18;

void writeToStdout(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw quant::OutputError("standard output", std::strerror(errno));
        text.remove_prefix(static_cast<size_t>(written));
    }
}

}  // namespace

Output::Output(const std::string& target) {
    if (target != "-") m_file.emplace(target);
}

void Output::write(std::string_view text) {
    m_buffer += text;
    if (m_buffer.size() >= bufferBytes) flush();
}

void Output::commit() {
    flush();
    if (m_file) m_file->commit();
}

void Output::flush() {
    if (m_file)
        m_file->write(m_buffer);
    else
        writeToStdout(m_buffer);
    m_buffer.clear();
}

void writeWhole(Output& output, std::string_view text) {
    output.write(text);
    output.commit();
}

void printText(std::string_view text) {
    writeToStdout(text);
}

}  // namespace app
