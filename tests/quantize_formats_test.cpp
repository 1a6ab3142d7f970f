// Quantized files as a stranger reads them: from the comment at quantizeFile() and the file's metadata alone.
#include "quant/input_error.h"
#include "quant/quantize.h"
#include "quant/recommendation.h"
#include "quant/safetensors_writer.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/number_format_cases.h"
#include "tests/reference.h"
#include "tests/sample_data.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>

namespace tests {

using namespace quant;
using quant::tests::TempFolder;
using Json = nlohmann::json;

namespace {

constexpr uint64_t ampleBytes = uint64_t{64} << 20;

Analyzer& analyzer() {
    static Analyzer one(device(), ampleBytes);
    return one;
}

std::vector<QuantizedTensor> run(const TensorFile& file, const QuantizeOptions& options,
                                 const std::filesystem::path& output) {
    return quantizeFile(analyzer(), file, {{0, options}}, output.string(), [](size_t, size_t) {});
}

// A tensor of a file: its bytes, and what the header says of it.
struct Stored {
    TensorInfo info;
    std::vector<uint8_t> bytes;

    // A companion's value, one number per element.
    double at(size_t i) const {
        const uint8_t* from = &bytes[i * elementSizeBytes(info.dtype)];
        switch (info.dtype) {
            case DType::F32:
                return read<float>(from);
            case DType::F16:
                return floatFromHalf(read<uint16_t>(from));
            case DType::BF16:
                return floatFromBfloat(read<uint16_t>(from));
            case DType::F8E8M0:
                return std::ldexp(1.0, *from - 127);
            case DType::F8E4M3:
                return formatCases("fp8-e4m3").decoded.at(*from);
            case DType::I8:
                return static_cast<int8_t>(*from);
            case DType::U8:
                return *from;
            case DType::I16:
                return read<int16_t>(from);
            case DType::U16:
                return read<uint16_t>(from);
            default:
                throw std::logic_error("an unexpected type");
        }
    }
    // Code of an element: as many bits as the format has.
    uint32_t code(size_t i, uint32_t bits, bool isPacked) const {
        if (!isPacked) {
            const uint32_t whole = bits > 8 ? read<uint16_t>(&bytes[2 * i]) : bytes[i];
            return whole & ((1u << bits) - 1);
        }
        uint32_t result = 0;
        for (uint32_t bit = 0; bit < bits; ++bit) {
            const uint64_t place = i * bits + bit;
            result |= (bytes[place / 8] >> (place % 8) & 1u) << bit;
        }
        return result;
    }

private:
    template <class T>
    static T read(const uint8_t* from) {
        T value;
        std::memcpy(&value, from, sizeof value);
        return value;
    }
};

std::optional<Stored> stored(const TensorFile& file, const std::string& name) {
    for (size_t i = 0; i < file.tensors().size(); ++i) {
        if (file.tensors()[i].name != name) continue;
        Stored tensor{file.tensors()[i], std::vector<uint8_t>(file.tensors()[i].sizeBytes)};
        file.read(i, 0, std::as_writable_bytes(std::span(tensor.bytes)));
        return tensor;
    }
    return {};
}

// The element value of a code, by the independent tables where they have it.
double elementOf(const std::string& format, uint32_t bits, uint32_t code) {
    static const std::map<std::string, std::string> plain = {
        {"mxfp8-e4m3", "fp8-e4m3"}, {"mxfp8-e5m2", "fp8-e5m2"}, {"mxfp6-e2m3", "fp6-e2m3"},
        {"mxfp6-e3m2", "fp6-e3m2"}, {"mxfp4", "fp4-e2m1"},      {"nvfp4", "fp4-e2m1"}};
    const auto same = plain.find(format);
    const std::string& name = same == plain.end() ? format : same->second;
    if (name.starts_with("fp") || name.starts_with("pot") || name == "binary")
        return formatCases(name).decoded.at(code);
    const bool isSigned = !name.starts_with("u");
    return isSigned && (code >> (bits - 1) & 1) != 0 ? static_cast<double>(code) - std::exp2(bits) : code;
}

// The scale that the name of a fixed-point format says; mxint8: of its elements.
double impliedScale(const std::string& format) {
    if (format == "mxint8") return 0x1p-6;
    if (!format.starts_with("q") && !format.starts_with("uq")) return 1;
    return std::exp2(-std::stoi(format.substr(format.find('.') + 1)));
}

// Which entry of a scale of that shape belongs to an element of the tensor.
size_t scaleIndex(size_t element, const std::vector<uint64_t>& shape, const std::vector<uint64_t>& scaleShape,
                  const std::string& granularity) {
    return reference::segmentOf(element, shape, granularityFrom(granularity)) *
           (scaleShape == std::vector<uint64_t>{1} ? 0 : 1);
}

std::vector<double> decoded(const TensorFile& file, const std::string& name) {
    const Json description = Json::parse(file.metadata().at("clipscope.quantization")).at(name);
    const std::string format = description.at("format");
    const std::vector<uint64_t> shape = description.at("shape");
    uint64_t elements = 1;
    for (const uint64_t extent : shape) elements *= extent;
    const Stored tensor = stored(file, name).value();
    std::vector<double> values(elements);
    if (description.at("stored") == "values") {
        for (size_t i = 0; i < elements; ++i) values[i] = tensor.at(i);
        return values;
    }
    const auto scale = stored(file, name + ".scale"), zero = stored(file, name + ".zero_point"),
               whole = stored(file, name + ".tensor_scale");
    const uint32_t bits = description.at("bits");
    for (size_t i = 0; i < elements; ++i) {
        const uint32_t code = tensor.code(i, bits, description.at("packed"));
        double value = elementOf(format, bits, code);
        const size_t segment =
            scale ? scaleIndex(i, shape, scale->info.shape, description.at("granularity")) : 0;
        if (zero) value -= zero->at(segment);
        if (scale) value *= scale->at(segment);
        if (whole) value *= whole->at(0);
        values[i] = value * impliedScale(format);
    }
    return values;
}

double meanSquaredError(std::span<const double> found, std::span<const float> values) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i)
        sum += (found[i] - double{values[i]}) * (found[i] - double{values[i]});
    return sum / static_cast<double>(values.size());
}

std::vector<NumberFormat> storedFormats() {
    std::vector<NumberFormat> formats = everyFormat();
    // Every width of one family, and of the others those at the borders of storage.
    std::erase_if(formats, [](const NumberFormat& format) {
        const bool isBorder = format.bits <= 4 || format.bits == 7 || format.bits == 8 || format.bits == 9 ||
                              format.bits == 16 || format.bits == 19;
        return !isBorder && format.name() != integerFormat(format.bits, true).name();
    });
    return formats;
}

void checkDecoded(const TensorFile& file, const std::vector<float>& values, const QuantizeOptions& options,
                  const std::filesystem::path& output) {
    const auto tensors = run(file, options, output);
    const auto found = decoded(*openTensorFile(output), "x");
    REQUIRE(found.size() == values.size());
    const double mse = meanSquaredError(found, values), reported = tensors[0].result.mse;
    INFO("stored " << mse << ", reported " << reported);
    // The kernels' values, products of step and element, are rounded to float: by Minkowski's inequality that
    // moves the root of the error by less than 2^-24 of the values' root mean square.
    const double rounding =
        0x1p-24 * std::sqrt(reference::energy(values) / static_cast<double>(values.size()));
    CHECK(std::abs(std::sqrt(mse) - std::sqrt(reported)) <= 0.5e-5 * std::sqrt(reported) + rounding);
}

}  // namespace

TEST_CASE("Every format's file decodes to the reported error", "[device][quantize]") {
    const TempFolder folder;
    const std::vector<uint64_t> shape = {6, 77};
    const auto values = gaussians(6 * 77, 91);
    const MemoryTensor file(values, DType::F32, shape);
    for (const NumberFormat& format : storedFormats()) {
        for (const char* granularity : {"tensor", "channel", "group:13"}) {
            const bool isRare = format.isBlockScaled() || format.bits > 9 || format.fixedScale();
            if (isRare && std::string(granularity) != "tensor") continue;
            for (const bool isPacked : {true, false}) {
                if (!isPacked && format.bits >= 8) continue;
                INFO(format.name() << " by " << granularity << (isPacked ? "" : ", unpacked"));
                checkDecoded(file, values,
                             {.format = format,
                              .method = methodFrom("max"),
                              .granularity = granularityFrom(granularity),
                              .isPacked = isPacked},
                             folder / "out.safetensors");
            }
        }
    }
}

TEST_CASE("Every method's file decodes to the reported error", "[device][quantize]") {
    const TempFolder folder;
    const auto values = gaussians(5 * 96, 92);
    const MemoryTensor file(values, DType::F32, {5, 96});
    for (const char* name : {"int4", "int8-affine", "uint4-affine", "int5-full", "int4-pow2", "fp8-e4m3",
                             "fp4-e2m1", "pot4", "binary", "mxfp4", "mxint8", "nvfp4", "mxfp8-e5m2"}) {
        for (const char* method : {"octav", "mse", "percentile:99"}) {
            const NumberFormat format = numberFormatFrom(name);
            if (format.isBlockScaled() && *method == 'p') continue;
            for (const char* granularity : {"tensor", "channel:0"}) {
                INFO(name << " by " << method << ", " << granularity);
                checkDecoded(file, values,
                             {.format = format,
                              .method = methodFrom(method),
                              .granularity = granularityFrom(granularity)},
                             folder / "out.safetensors");
            }
        }
    }
}

TEST_CASE("The bits that a recommendation counts are those of the file", "[device][quantize]") {
    const TempFolder folder;
    const MemoryTensor tensor(gaussians(1015, 98), DType::F32, {203, 5});
    for (const char* format : {"int3", "int12", "uint4-affine", "uint12-affine", "tf32", "fp16", "fp6-e2m3",
                               "binary", "q3.4", "mxfp4", "mxint8", "nvfp4"}) {
        for (const char* granularity : {"tensor", "channel", "group:2"}) {
            INFO(format << " by " << granularity);
            const auto tensors = run(tensor,
                                     {.format = numberFormatFrom(format),
                                      .method = methodFrom("max"),
                                      .granularity = granularityFrom(granularity)},
                                     folder / "out.safetensors");
            const auto file = openTensorFile(folder / "out.safetensors");
            uint64_t bits = 0;
            for (const TensorInfo& info : file->tensors()) bits += 8 * info.sizeBytes;
            CHECK(storedBits(tensors[0].result, 1015) == bits);
        }
    }
}

TEST_CASE("Blocks of zeros decode to zeros", "[device][quantize]") {
    const TempFolder folder;
    auto values = gaussians(3 * 64, 96);
    std::fill_n(values.begin() + 64, 64, 0.0f);
    for (const char* name : {"mxfp4", "mxint8", "mxfp8-e5m2", "nvfp4"}) {
        for (const char* method : {"max", "mse"}) {
            run(MemoryTensor(values, DType::F32, {3, 64}),
                {.format = numberFormatFrom(name), .method = methodFrom(method)}, folder / "out.safetensors");
            const auto found = decoded(*openTensorFile(folder / "out.safetensors"), "x");
            INFO(name << " by " << method);
            CHECK(std::ranges::all_of(std::span(found).subspan(64, 64), [](double x) { return x == 0; }));
            CHECK(std::ranges::any_of(std::span(found).first(64), [](double x) { return x != 0; }));
        }
    }
}

TEST_CASE("Packed codes waste less than a byte, and keep the shape where rows end with a byte",
          "[device][quantize]") {
    const TempFolder folder;
    for (uint32_t bits = 1; bits <= 7; ++bits) {
        for (const uint64_t row : {1u, 2u, 3u, 5u, 7u, 8u, 9u, 31u}) {
            INFO(bits << " bits, rows of " << row);
            const auto values = gaussians(3 * row, 93 + row);
            const MemoryTensor file(values, DType::F32, {3, row});
            run(file, {.bits = bits, .method = methodFrom("max")}, folder / "out.safetensors");
            const Stored tensor = stored(*openTensorFile(folder / "out.safetensors"), "x").value();
            const uint64_t bytes = (3 * row * bits + 7) / 8, unused = 8 * bytes - 3 * row * bits;
            const auto whole = std::vector<uint64_t>{3, row * bits / 8};
            CHECK(tensor.info.dtype == DType::U8);
            CHECK(tensor.info.shape == (row * bits % 8 == 0 ? whole : std::vector{bytes}));
            CHECK(tensor.bytes.size() == bytes);
            CHECK(tensor.bytes.back() >> (8 - unused) == 0);
        }
    }
}

TEST_CASE("Scalars, empty tensors and specials are stored in every spacing", "[device][quantize]") {
    const TempFolder folder;
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(),
                    infinity = std::numeric_limits<float>::infinity();
    for (const char* name : {"int4", "uint4-affine", "fp8-e5m2", "fp4-e2m1", "binary", "mxfp4", "nvfp4",
                             "q3.4", "bf16", "pot4"}) {
        INFO(name);
        const QuantizeOptions options{.format = numberFormatFrom(name), .method = methodFrom("max")};
        const auto output = folder / "out.safetensors";
        run(MemoryTensor(std::vector<float>(), DType::F32, {0, 5}), options, output);
        CHECK(decoded(*openTensorFile(output), "x").empty());
        run(MemoryTensor(std::vector<float>(21), DType::F32, {3, 7}), options, output);
        for (const double value : decoded(*openTensorFile(output), "x")) CHECK(value == 0);
        run(MemoryTensor(std::vector<float>{nan, infinity, -infinity, 1, -1, 0.5f}, DType::F32, {1, 6}),
            options, output);
        const auto found = decoded(*openTensorFile(output), "x");
        REQUIRE(found.size() == 6);
        CHECK(found[1] >= 0.8);
        if (numberFormatFrom(name).isSigned) CHECK(found[2] <= -0.5);
    }
}

TEST_CASE("What stands beside a tensor never takes a name of the file", "[device][quantize]") {
    const TempFolder folder;
    for (const auto& [format, suffix] : {std::pair("int8-affine", ".zero_point"), std::pair("int8", ".scale"),
                                         std::pair("nvfp4", ".tensor_scale")}) {
        const std::vector<TensorInfo> infos = {
            makeTensorInfo("x", DType::F32, {2, 2}).value(),
            makeTensorInfo("x" + std::string(suffix), DType::F32, {1}).value()};
        const auto values = gaussians(5, 94);
        SafetensorsWriter writer(folder / "in.safetensors", infos);
        writer.write(std::as_bytes(std::span(values)));
        writer.commit();
        const auto file = openTensorFile(folder / "in.safetensors");
        INFO(format);
        const QuantizeOptions options{.format = numberFormatFrom(format)};
        CHECK_THROWS_AS(run(*file, options, folder / "out.safetensors"), InputError);
        QuantizeOptions fake = options;
        fake.isFake = true;
        CHECK_NOTHROW(run(*file, fake, folder / "fake.safetensors"));
    }
    CHECK_FALSE(std::filesystem::exists(folder / "out.safetensors"));
}

}  // namespace tests
