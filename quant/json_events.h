#pragma once

#include "quant/input_file.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace quant {

// What nlohmann's parser complains of, without its own prefix.
std::string jsonProblem(const nlohmann::detail::exception& error);

// What the readers of JSON files have in common that take its events one by one and keep only what they know,
// so that hostile JSON takes no more memory than its text.
class JsonEvents : public nlohmann::json::json_sax_t {
public:
    static constexpr uint64_t maxBytes = 100'000'000;

    // Passes the file's events to the members below. `what` names such a file in messages, as "an index".
    // Throws InputError: not JSON (with the offset), more than maxBytes, and whatever the members throw.
    void run(const InputFile& file, const std::string& what);

    bool null() final { return scalar(); }
    bool boolean(bool) final { return scalar(); }
    bool number_integer(number_integer_t) final { return scalar(); }
    bool number_unsigned(number_unsigned_t) final { return scalar(); }
    bool number_float(number_float_t, const string_t&) final { return scalar(); }
    bool binary(binary_t&) final { return scalar(); }
    bool parse_error(std::size_t position, const std::string& token,
                     const nlohmann::detail::exception& error) final;

protected:
    // What is no string: null, a truth value, a number. Returns true, or throws InputError.
    virtual bool scalar() = 0;

    const std::string& path() const { return m_path; }

private:
    std::string m_path;
};

}  // namespace quant
