// Reads TensorProto, whose elements lie in raw_data, in a field for their type, or in another file
// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, "TensorProto").
#include "quant/onnx_tensor.h"

#include "quant/input_error.h"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <charconv>
#include <cstring>
#include <format>
#include <limits>
#include <optional>
#include <utility>

namespace quant {
namespace {

static_assert(std::endian::native == std::endian::little, "tensor data is handed out in native order");

using Field = OnnxStorage::Field;
using onnx::TensorProto;

// The numbers from 23 on are newer than the schema that this is built with.
constexpr std::array dtypes = {
    std::pair{int32_t{TensorProto::FLOAT}, DType::F32},
    std::pair{int32_t{TensorProto::UINT8}, DType::U8},
    std::pair{int32_t{TensorProto::INT8}, DType::I8},
    std::pair{int32_t{TensorProto::UINT16}, DType::U16},
    std::pair{int32_t{TensorProto::INT16}, DType::I16},
    std::pair{int32_t{TensorProto::INT32}, DType::I32},
    std::pair{int32_t{TensorProto::INT64}, DType::I64},
    std::pair{int32_t{TensorProto::BOOL}, DType::Bool},
    std::pair{int32_t{TensorProto::FLOAT16}, DType::F16},
    std::pair{int32_t{TensorProto::DOUBLE}, DType::F64},
    std::pair{int32_t{TensorProto::UINT32}, DType::U32},
    std::pair{int32_t{TensorProto::UINT64}, DType::U64},
    std::pair{int32_t{TensorProto::COMPLEX64}, DType::C64},
    std::pair{int32_t{TensorProto::BFLOAT16}, DType::BF16},
    std::pair{int32_t{TensorProto::FLOAT8E4M3FN}, DType::F8E4M3},
    std::pair{int32_t{TensorProto::FLOAT8E4M3FNUZ}, DType::F8E4M3FNUZ},
    std::pair{int32_t{TensorProto::FLOAT8E5M2}, DType::F8E5M2},
    std::pair{int32_t{TensorProto::FLOAT8E5M2FNUZ}, DType::F8E5M2FNUZ},
    std::pair{int32_t{24}, DType::F8E8M0},
};
constexpr std::array foreignTypes = {
    std::pair{int32_t{TensorProto::STRING}, "STRING"},
    std::pair{int32_t{TensorProto::COMPLEX128}, "COMPLEX128"},
    std::pair{int32_t{TensorProto::UINT4}, "UINT4"},
    std::pair{int32_t{TensorProto::INT4}, "INT4"},
    std::pair{int32_t{23}, "FLOAT4E2M1"},
    std::pair{int32_t{25}, "UINT2"},
    std::pair{int32_t{26}, "INT2"},
};

constexpr const char* nameOf(Field field) {
    switch (field) {
        case Field::Raw:
            return "raw_data";
        case Field::Float:
            return "float_data";
        case Field::Double:
            return "double_data";
        case Field::Int32:
            return "int32_data";
        case Field::Int64:
            return "int64_data";
        case Field::Uint64:
            return "uint64_data";
        default:
            return "external_data";
    }
}

// The field for elements of a type that do not lie in raw_data.
Field typedField(DType dtype) {
    switch (dtype) {
        case DType::F32:
        case DType::C64:
            return Field::Float;
        case DType::F64:
            return Field::Double;
        case DType::I64:
            return Field::Int64;
        case DType::U64:
        case DType::U32:
            return Field::Uint64;
        default:
            return Field::Int32;
    }
}

// Bytes of the tensor's data that one entry of its typed field holds.
uint64_t entryBytes(DType dtype) {
    return dtype == DType::C64 ? 4 : elementSizeBytes(dtype);
}

uint64_t entriesOf(const TensorProto& tensor, Field field) {
    switch (field) {
        case Field::Float:
            return static_cast<uint64_t>(tensor.float_data_size());
        case Field::Double:
            return static_cast<uint64_t>(tensor.double_data_size());
        case Field::Int32:
            return static_cast<uint64_t>(tensor.int32_data_size());
        case Field::Int64:
            return static_cast<uint64_t>(tensor.int64_data_size());
        case Field::Uint64:
            return static_cast<uint64_t>(tensor.uint64_data_size());
        default:
            return tensor.raw_data().size();
    }
}

struct Range {
    int64_t low, high;
};

// What an entry of int32_data may be: 8- and 16-bit floats are stored as their bit patterns.
Range int32Range(DType dtype) {
    switch (dtype) {
        case DType::I32:
            return {INT32_MIN, INT32_MAX};
        case DType::I16:
            return {INT16_MIN, INT16_MAX};
        case DType::I8:
            return {INT8_MIN, INT8_MAX};
        case DType::Bool:
            return {0, 1};
        default:
            return {0, elementSizeBytes(dtype) == 2 ? UINT16_MAX : UINT8_MAX};
    }
}

// Whether a value of data_location came that the schema does not know: protobuf keeps it among the unknown
// fields.
bool hasUnknownLocation(const TensorProto& tensor) {
    const google::protobuf::UnknownFieldSet& unknown = tensor.unknown_fields();
    for (int i = 0; i < unknown.field_count(); ++i) {
        if (unknown.field(i).number() == TensorProto::kDataLocationFieldNumber) return true;
    }
    return false;
}

class Checker {
public:
    Checker(const std::string& file, const TensorInfo& info, const TensorProto& tensor)
        : m_file(file), m_info(info), m_tensor(tensor) {}

    OnnxStorage check() const {
        if (m_tensor.has_segment()) fail("segment", "tensors in segments are not supported");
        if (hasUnknownLocation(m_tensor)) fail("data_location", "is neither DEFAULT nor EXTERNAL");
        std::optional<Field> used;
        for (const Field field :
             {Field::Raw, Field::Float, Field::Double, Field::Int32, Field::Int64, Field::Uint64}) {
            if (entriesOf(m_tensor, field) == 0) continue;
            if (used) fail(nameOf(field), std::format("holds data, and so does {}", nameOf(*used)));
            used = field;
        }
        if (m_tensor.string_data_size() > 0) fail("string_data", "holds data, but the type is no string");
        if (m_tensor.data_location() == TensorProto::EXTERNAL) {
            if (used) fail(nameOf(*used), "holds data that should be external");
            return external();
        }
        if (!used && m_info.sizeBytes == 0) return {};
        if (!used) fail("raw_data", std::format("is missing: the tensor has {} elements", m_info.elements));
        checkEntries(*used);
        return {*used, {}, 0};
    }

private:
    [[noreturn]] void fail(const std::string& field, const std::string& problem) const {
        throw InputError::atField(m_file, m_info.name, field, problem);
    }

    void checkEntries(Field field) const {
        const uint64_t entries = entriesOf(m_tensor, field);
        if (field == Field::Raw) {
            if (entries == m_info.sizeBytes) return;
            fail("raw_data",
                 std::format("holds {} bytes, but shape and type need {}", entries, m_info.sizeBytes));
        }
        if (field != typedField(m_info.dtype)) {
            fail(nameOf(field), std::format("holds data, but elements of type {} belong into {}",
                                            name(m_info.dtype), nameOf(typedField(m_info.dtype))));
        }
        const uint64_t needed = m_info.sizeBytes / entryBytes(m_info.dtype);
        if (entries != needed)
            fail(nameOf(field), std::format("holds {} values, but the shape needs {}", entries, needed));
        checkValues(field);
    }

    void checkValues(Field field) const {
        if (field == Field::Int32) {
            const auto [low, high] = int32Range(m_info.dtype);
            const auto bad = std::ranges::find_if(m_tensor.int32_data(),
                                                  [&](int32_t value) { return value < low || value > high; });
            if (bad != m_tensor.int32_data().end()) failValue(field, *bad);
        }
        if (field == Field::Uint64 && m_info.dtype == DType::U32) {
            const auto bad = std::ranges::find_if(m_tensor.uint64_data(),
                                                  [](uint64_t value) { return value > UINT32_MAX; });
            if (bad != m_tensor.uint64_data().end()) failValue(field, *bad);
        }
    }

    template <class T>
    [[noreturn]] void failValue(Field field, T value) const {
        fail(nameOf(field), std::format("{} is out of the range of type {}", value, name(m_info.dtype)));
    }

    OnnxStorage external() const {
        std::optional<std::string> location, offset, length;
        for (const onnx::StringStringEntryProto& entry : m_tensor.external_data()) {
            std::optional<std::string>* value = entry.key() == "location" ? &location
                                                : entry.key() == "offset" ? &offset
                                                : entry.key() == "length" ? &length
                                                                          : nullptr;
            if (!value) continue;  // a checksum, or what a tool keeps for itself
            if (*value) fail("external_data", "key '" + entry.key() + "' appears twice");
            *value = entry.value();
        }
        if (!location) fail("external_data", "key 'location' is missing");
        const uint64_t begin = offset ? number("offset", *offset) : 0;
        if (length && number("length", *length) != m_info.sizeBytes) {
            fail("external_data",
                 std::format("length is {}, but shape and type need {} bytes", *length, m_info.sizeBytes));
        }
        return {Field::External, *location, begin};
    }

    uint64_t number(const std::string& key, const std::string& text) const {
        uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size())
            fail("external_data", key + " '" + text + "' is not a number from 0 to 2^64-1");
        return value;
    }

    const std::string& m_file;
    const TensorInfo& m_info;
    const TensorProto& m_tensor;
};

TensorInfo infoOf(const std::string& file, const std::string& name,
                  const google::protobuf::RepeatedField<int64_t>& dims, DType dtype) {
    std::vector<uint64_t> shape;
    for (const int64_t extent : dims) {
        if (extent < 0) throw InputError::atField(file, name, "dims", std::format("{} is negative", extent));
        shape.push_back(static_cast<uint64_t>(extent));
    }
    auto info = makeTensorInfo(name, dtype, std::move(shape));
    if (!info) throw InputError::atField(file, name, "dims", info.error());
    return *std::move(info);
}

// The dtype is there because one must be; no data is behind it.
TensorInfo unreadableInfo(const std::string& file, const std::string& name,
                          const google::protobuf::RepeatedField<int64_t>& dims) {
    TensorInfo info = infoOf(file, name, dims, DType::U8);
    info.sizeBytes = 0;
    return info;
}

// Entries of a repeated field as elements of `bytes`, which may be narrower.
template <class Entries>
void copyEntries(const Entries& entries, uint64_t entrySize, uint64_t offset, std::span<std::byte> bytes) {
    using Entry = typename Entries::value_type;
    if (entrySize == sizeof(Entry)) {
        std::memcpy(bytes.data(), reinterpret_cast<const std::byte*>(entries.data()) + offset, bytes.size());
        return;
    }
    const Entry* entry = entries.data() + offset / entrySize;
    for (size_t at = 0; at < bytes.size(); at += entrySize) std::memcpy(&bytes[at], entry++, entrySize);
}

}  // namespace

TensorInfo onnxTensorInfo(const std::string& file, const std::string& name, const TensorProto& tensor) {
    if (tensor.data_type() <= TensorProto::UNDEFINED)
        throw InputError::atField(file, name, "data_type", std::format("{} is no type", tensor.data_type()));
    for (const auto& [type, dtype] : dtypes) {
        if (type == tensor.data_type()) return infoOf(file, name, tensor.dims(), dtype);
    }
    TensorInfo info = unreadableInfo(file, name, tensor.dims());
    info.encoding = std::format("type {}", tensor.data_type());
    for (const auto& [type, encoding] : foreignTypes) {
        if (type == tensor.data_type()) info.encoding = encoding;
    }
    info.unreadable = "ONNX " + info.encoding + " is not supported";
    return info;
}

TensorInfo onnxTensorInfo(const std::string& file, const std::string& name,
                          const onnx::SparseTensorProto& tensor) {
    TensorInfo info = unreadableInfo(file, name, tensor.dims());
    info.encoding = "SPARSE";
    info.unreadable = "sparse tensors are not supported";
    return info;
}

OnnxStorage onnxStorage(const std::string& file, const TensorInfo& info, const TensorProto& tensor) {
    return Checker(file, info, tensor).check();
}

void copyOnnxData(const TensorProto& tensor, const TensorInfo& info, Field field, uint64_t offset,
                  std::span<std::byte> bytes) {
    const uint64_t size = entryBytes(info.dtype);
    switch (field) {
        case Field::Raw:
            std::memcpy(bytes.data(), tensor.raw_data().data() + offset, bytes.size());
            return;
        case Field::Float:
            return copyEntries(tensor.float_data(), size, offset, bytes);
        case Field::Double:
            return copyEntries(tensor.double_data(), size, offset, bytes);
        case Field::Int32:
            return copyEntries(tensor.int32_data(), size, offset, bytes);
        case Field::Int64:
            return copyEntries(tensor.int64_data(), size, offset, bytes);
        case Field::Uint64:
            return copyEntries(tensor.uint64_data(), size, offset, bytes);
        case Field::None:
        case Field::External:
            assert(false && "has no data in the model");
    }
}

void clearOnnxData(TensorProto& tensor) {
    tensor.clear_raw_data();
    tensor.clear_float_data();
    tensor.clear_double_data();
    tensor.clear_int32_data();
    tensor.clear_int64_data();
    tensor.clear_uint64_data();
    tensor.clear_external_data();
    tensor.clear_data_location();
}

}  // namespace quant
