#pragma once

#include "quant/input_error.h"
#include "quant/tensor_file.h"
#include "tests/source_folder.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// What tests of file readers have in common.
namespace quant::tests {

// A file of tests/fixtures, which make_fixtures.py wrote.
inline std::filesystem::path fixture(std::string_view name) {
    return std::filesystem::path(sourceFile("")) / "tests" / "fixtures" / name;
}

inline std::string bytesOf(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline size_t indexOf(const TensorFile& file, std::string_view name) {
    for (size_t i = 0; i < file.tensors().size(); ++i) {
        if (file.tensors()[i].name == name) return i;
    }
    throw std::runtime_error("no tensor " + std::string(name));
}

inline std::string readRange(const TensorFile& file, size_t index, uint64_t offset, size_t sizeBytes) {
    std::string bytes(sizeBytes, '?');
    file.read(index, offset, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

inline std::string readAll(const TensorFile& file, size_t index) {
    return readRange(file, index, 0, file.tensors()[index].sizeBytes);
}

template <class Number>
std::vector<Number> numbersOf(const TensorFile& file, std::string_view name) {
    const std::string bytes = readAll(file, indexOf(file, name));
    std::vector<Number> numbers(bytes.size() / sizeof(Number));
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
    return numbers;
}

// What the action complains about; empty if it does not. The message must be one line.
inline std::string complaintOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const InputError& error) {
        const std::string message = error.what();
        if (message.contains('\n')) throw std::runtime_error("a message of several lines");
        return message;
    }
    return "";
}

// The same of opening the file and reading all that can be read, without the path in front.
inline std::string complaintAbout(const std::filesystem::path& path) {
    const std::string message = complaintOf([&] {
        const auto file = openTensorFile(path);
        for (size_t i = 0; i < file->tensors().size(); ++i) {
            if (file->tensors()[i].unreadable.empty()) readAll(*file, i);
        }
    });
    const std::string start = path.string() + ": ";
    return message.starts_with(start) ? message.substr(start.size()) : message;
}

}  // namespace quant::tests
