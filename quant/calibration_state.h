#pragma once

#include "quant/profile.h"
#include "quant/sparse_profile.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace quant {

// What calibration has seen of one tensor.
struct CalibratedTensor {
    uint64_t contributions = 0;  // tensors of that name that were added
    SparseProfile profile;
    bool operator==(const CalibratedTensor&) const = default;
};

// Named profiles that grow by what is added: a calibration over many batches, files and machines in a file
// that does not grow with the data. Adding is exact and commutes, and the file lists names in order: the same
// inputs give the same bytes, in whatever order and grouping they came.
class CalibrationState {
public:
    // Adds a tensor's profile. source: the file it comes from, named by the InputError that is thrown for a
    // name of more than 65535 bytes or a sum of more than 2^44 elements; the state is then as it was.
    void add(const std::string& name, const Profile& profile, const std::string& source);
    // Adds all of another state, which was read from `source`.
    void merge(const CalibrationState& other, const std::string& source);

    const std::map<std::string, CalibratedTensor>& tensors() const { return m_tensors; }
    bool operator==(const CalibrationState&) const = default;

    // The file's bytes, 84 KiB a tensor at most. Layout: calibration_state.cpp.
    std::string bytes() const;
    // Throws InputError naming `path`, tensor, field and offset: not a state, of another version, cut short,
    // with a wrong checksum, with what no tensors can have added up to, or with bytes after its end.
    static CalibrationState fromBytes(std::string_view bytes, const std::string& path);

    static CalibrationState read(const std::filesystem::path& path);  // throws InputError
    void write(const std::filesystem::path& path) const;  // whole or not at all; throws OutputError

private:
    void add(const std::string& name, const CalibratedTensor& added, const std::string& source);

    std::map<std::string, CalibratedTensor> m_tensors;
};

}  // namespace quant
