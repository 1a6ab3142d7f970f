#include "quant/onnx.h"

#include "quant/input_error.h"
#include "tests/onnx_models.h"
#include "tests/source_folder.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <cstring>
#include <functional>
#include <random>

namespace tests {

using namespace quant;
using onnx::TensorProto;
using quant::tests::TempFolder;

namespace {

template <class T>
std::string bytesOf(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string readAll(const TensorFile& file, size_t index) {
    std::string bytes(file.tensors()[index].sizeBytes, '?');
    file.read(index, 0, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

onnx::ModelProto modelWith(const onnx::TensorProto& tensor) {
    onnx::ModelProto model = emptyModel(17);
    *model.mutable_graph()->add_initializer() = tensor;
    return model;
}

// What opening says, without the path; empty if it opens.
std::string complaint(const TempFolder& folder, const std::string& bytes) {
    const std::string path = folder.write("m.onnx", bytes);
    try {
        openTensorFile(path);
        return "";
    } catch (const InputError& error) {
        const std::string message = error.what();
        REQUIRE(message.starts_with(path + ": "));
        return message.substr(path.size() + 2);
    }
}

std::string complaint(const onnx::ModelProto& model) {
    const TempFolder folder;
    return complaint(folder, model.SerializeAsString());
}

// The same for a model with one tensor, a vector w of four floats that `change` spoils.
std::string complaint(const std::function<void(TensorProto&)>& change) {
    TensorProto tensor = floatTensor("w", {4}, std::vector<float>{1, 2, 3, 4});
    change(tensor);
    return complaint(modelWith(tensor));
}

struct FieldCase {
    int32_t type;
    DType dtype;
    std::string expected;  // three elements, little-endian
    std::function<void(TensorProto&)> fill;
};

template <class T>
std::function<void(TensorProto&)> int32Data(std::vector<T> values) {
    return [values](TensorProto& tensor) {
        for (const T value : values) tensor.add_int32_data(static_cast<int32_t>(value));
    };
}

std::vector<FieldCase> fieldCases() {
    const std::vector<float> floats = {1.5f, -2, 1e-40f};
    const std::vector<double> doubles = {1.5, -2, 1e-310};
    const std::vector<int64_t> longs = {INT64_MIN, -1, INT64_MAX};
    const std::vector<uint64_t> ulongs = {0, 7, UINT64_MAX};
    const std::vector<uint32_t> uints = {0, 7, UINT32_MAX};
    const std::vector<int32_t> ints = {INT32_MIN, -1, INT32_MAX};
    const std::vector<int16_t> shorts = {INT16_MIN, -1, INT16_MAX};
    const std::vector<uint16_t> ushorts = {0, 0x3c00, UINT16_MAX};
    const std::vector<int8_t> signedBytes = {INT8_MIN, -1, INT8_MAX};
    const std::vector<uint8_t> bytes = {0, 1, UINT8_MAX};
    const std::vector<uint8_t> bools = {0, 1, 1};
    const std::vector<float> complexes = {1, 2, 3, 4, 5, 6};
    std::vector<FieldCase> cases = {
        {TensorProto::FLOAT, DType::F32, bytesOf(floats),
         [=](TensorProto& t) { t.mutable_float_data()->Assign(floats.begin(), floats.end()); }},
        {TensorProto::COMPLEX64, DType::C64, bytesOf(complexes),
         [=](TensorProto& t) { t.mutable_float_data()->Assign(complexes.begin(), complexes.end()); }},
        {TensorProto::DOUBLE, DType::F64, bytesOf(doubles),
         [=](TensorProto& t) { t.mutable_double_data()->Assign(doubles.begin(), doubles.end()); }},
        {TensorProto::INT64, DType::I64, bytesOf(longs),
         [=](TensorProto& t) { t.mutable_int64_data()->Assign(longs.begin(), longs.end()); }},
        {TensorProto::UINT64, DType::U64, bytesOf(ulongs),
         [=](TensorProto& t) { t.mutable_uint64_data()->Assign(ulongs.begin(), ulongs.end()); }},
        {TensorProto::UINT32, DType::U32, bytesOf(uints),
         [=](TensorProto& t) { t.mutable_uint64_data()->Assign(uints.begin(), uints.end()); }},
        {TensorProto::INT32, DType::I32, bytesOf(ints), int32Data(ints)},
        {TensorProto::INT16, DType::I16, bytesOf(shorts), int32Data(shorts)},
        {TensorProto::UINT16, DType::U16, bytesOf(ushorts), int32Data(ushorts)},
        {TensorProto::FLOAT16, DType::F16, bytesOf(ushorts), int32Data(ushorts)},
        {TensorProto::BFLOAT16, DType::BF16, bytesOf(ushorts), int32Data(ushorts)},
        {TensorProto::INT8, DType::I8, bytesOf(signedBytes), int32Data(signedBytes)},
        {TensorProto::UINT8, DType::U8, bytesOf(bytes), int32Data(bytes)},
        {TensorProto::BOOL, DType::Bool, bytesOf(bools), int32Data(bools)},
        {TensorProto::FLOAT8E4M3FN, DType::F8E4M3, bytesOf(bytes), int32Data(bytes)},
        {TensorProto::FLOAT8E4M3FNUZ, DType::F8E4M3FNUZ, bytesOf(bytes), int32Data(bytes)},
        {TensorProto::FLOAT8E5M2, DType::F8E5M2, bytesOf(bytes), int32Data(bytes)},
        {TensorProto::FLOAT8E5M2FNUZ, DType::F8E5M2FNUZ, bytesOf(bytes), int32Data(bytes)},
        {24, DType::F8E8M0, bytesOf(bytes), int32Data(bytes)},
    };
    return cases;
}

onnx::GraphProto branch(const std::string& name, float value) {
    onnx::GraphProto graph;
    graph.set_name(name);
    *graph.add_initializer() = floatTensor("shared", {1}, std::vector{value});
    *graph.add_node() = constantNode("only_" + name, floatTensor("", {1}, std::vector{value}));
    return graph;
}

}  // namespace

TEST_CASE("Every type reads the same from raw_data and from its own field, whole and in parts", "[onnx]") {
    const TempFolder folder;
    for (const auto& [type, dtype, expected, fill] : fieldCases()) {
        INFO(name(dtype));
        TensorProto typed = rawTensor("typed", type, {3}, "");
        typed.clear_raw_data();
        fill(typed);
        onnx::ModelProto model = modelWith(typed);
        *model.mutable_graph()->add_initializer() = rawTensor("raw", type, {3}, expected);
        save(model, folder / "m.onnx");
        const auto file = openTensorFile(folder / "m.onnx");
        REQUIRE(file->format() == "onnx");
        REQUIRE(file->tensors().size() == 2);
        for (size_t i = 0; i < 2; ++i) {
            CHECK(file->tensors()[i].dtype == dtype);
            CHECK(file->tensors()[i].shape == std::vector<uint64_t>{3});
            CHECK(readAll(*file, i) == expected);
            const size_t element = elementSizeBytes(dtype);
            std::string last(element, '?');
            file->read(i, 2 * element, std::as_writable_bytes(std::span(last)));
            CHECK(last == expected.substr(2 * element));
        }
    }
}

TEST_CASE("Scalars have one element, and tensors without elements need no data", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = modelWith(floatTensor("scalar", {}, std::vector{2.5f}));
    TensorProto empty = floatTensor("empty", {3, 0}, {});
    empty.clear_raw_data();
    *model.mutable_graph()->add_initializer() = empty;
    save(model, folder / "m.onnx");
    const auto file = openTensorFile(folder / "m.onnx");
    CHECK(file->tensors()[0].elements == 1);
    CHECK(readAll(*file, 0) == bytesOf(std::vector{2.5f}));
    CHECK(file->tensors()[1].elements == 0);
    CHECK(readAll(*file, 1).empty());
}

TEST_CASE("Tensors of subgraphs and functions are named by their place where names repeat", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = modelWith(floatTensor("main", {1}, std::vector{0.f}));
    onnx::NodeProto& choice = addNode(*model.mutable_graph(), "If", {"condition"}, {"result"});
    *choice.add_attribute() = graphAttribute("then_branch", branch("then", 1));
    onnx::GraphProto otherwise = branch("else", 2);
    *addNode(otherwise, "Loop", {}, {}).add_attribute() = graphAttribute("body", branch("body", 3));
    *choice.add_attribute() = graphAttribute("else_branch", otherwise);
    onnx::NodeProto& custom = addNode(*model.mutable_graph(), "Custom", {}, {});
    custom.set_domain("test");
    onnx::AttributeProto& graphs = *custom.add_attribute();
    graphs.set_name("steps");
    *graphs.add_graphs() = branch("step", 4);
    onnx::FunctionProto& function = *model.add_functions();
    function.set_domain("test");
    function.set_name("Custom");
    *function.add_node() = constantNode("shared", floatTensor("", {1}, std::vector{5.f}));
    save(model, folder / "m.onnx");

    const auto file = openTensorFile(folder / "m.onnx");
    std::vector<std::string> names;
    std::string values;
    for (size_t i = 0; i < file->tensors().size(); ++i) {
        names.push_back(file->tensors()[i].name);
        float value = 0;
        const std::string bytes = readAll(*file, i);
        std::memcpy(&value, bytes.data(), sizeof value);
        values += std::to_string(static_cast<int>(value));
    }
    CHECK(names ==
          std::vector<std::string>{"main", "If_0.then_branch/shared", "only_then", "If_0.else_branch/shared",
                                   "only_else", "If_0.else_branch/Loop_1.body/shared", "only_body",
                                   "Custom_1.steps[0]/shared", "only_step", "function test.Custom/shared"});
    CHECK(values == "0112233445");
}

TEST_CASE("What no dtype stands for is listed as unreadable, and so are sparse tensors", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = modelWith(rawTensor("int4", TensorProto::INT4, {3}, "ab"));
    onnx::GraphProto& graph = *model.mutable_graph();
    *graph.add_initializer() = rawTensor("future", 99, {3}, "ab");
    TensorProto text = rawTensor("text", TensorProto::STRING, {1}, "");
    text.add_string_data("x");
    *graph.add_initializer() = text;
    *graph.add_initializer() = rawTensor("c", TensorProto::COMPLEX128, {1}, std::string(16, '\0'));
    onnx::SparseTensorProto& sparse = *graph.add_sparse_initializer();
    *sparse.mutable_values() = floatTensor("sparse", {1}, std::vector{1.f});
    sparse.add_dims(100);
    save(model, folder / "m.onnx");
    const auto file = openTensorFile(folder / "m.onnx");
    std::vector<std::string> reasons;
    for (const TensorInfo& info : file->tensors()) reasons.push_back(info.name + ": " + info.unreadable);
    CHECK(reasons == std::vector<std::string>{
                         "int4: ONNX INT4 is not supported", "future: ONNX type 99 is not supported",
                         "text: ONNX STRING is not supported", "c: ONNX COMPLEX128 is not supported",
                         "sparse: sparse tensors are not supported"});
    CHECK(file->tensors()[4].shape == std::vector<uint64_t>{100});
    std::array<std::byte, 1> buffer;
    CHECK_THROWS_AS(file->read(0, 0, std::span(buffer).first(0)), InputError);
}

TEST_CASE("Malformed tensors are refused by tensor and field", "[onnx]") {
    const auto typed = [](int32_t type) {
        return [type](TensorProto& t) {
            t.clear_raw_data();
            t.set_data_type(type);
        };
    };
    const auto withInt32 = [&](int32_t type, int32_t bad) {
        return [=](TensorProto& t) {
            typed(type)(t);
            for (const int32_t value : {0, 1, bad, 1}) t.add_int32_data(value);
        };
    };
    const std::string w = "tensor 'w': ";
    CHECK(complaint([](TensorProto& t) { t.set_dims(0, -1); }) == w + "field 'dims': -1 is negative");
    CHECK(complaint([](TensorProto& t) {
              t.set_dims(0, INT64_MAX);
              t.add_dims(INT64_MAX);
          }) == w + "field 'dims': the size of the shape overflows 64 bits");
    CHECK(complaint([](TensorProto& t) { t.mutable_dims()->Resize(65, 1); }) ==
          w + "field 'dims': has 65 dimensions, more than 64");
    CHECK(complaint([](TensorProto& t) { t.set_dims(0, int64_t{1} << 40); }) ==
          w + "field 'raw_data': holds 16 bytes, but shape and type need 4398046511104");
    CHECK(complaint([](TensorProto& t) { t.set_data_type(0); }) == w + "field 'data_type': 0 is no type");
    CHECK(complaint([](TensorProto& t) { t.set_data_type(-5); }) == w + "field 'data_type': -5 is no type");
    CHECK(complaint([](TensorProto& t) { t.clear_raw_data(); }) ==
          w + "field 'raw_data': is missing: the tensor has 4 elements");
    CHECK(complaint([](TensorProto& t) { t.set_raw_data("abc"); }) ==
          w + "field 'raw_data': holds 3 bytes, but shape and type need 16");
    CHECK(complaint([](TensorProto& t) { t.set_dims(0, 0); }) ==
          w + "field 'raw_data': holds 16 bytes, but shape and type need 0");
    CHECK(complaint([](TensorProto& t) { t.add_float_data(1); }) ==
          w + "field 'float_data': holds data, and so does raw_data");
    CHECK(complaint([](TensorProto& t) { t.add_string_data("x"); }) ==
          w + "field 'string_data': holds data, but the type is no string");
    CHECK(complaint([](TensorProto& t) { t.mutable_segment()->set_begin(0); }) ==
          w + "field 'segment': tensors in segments are not supported");
    CHECK(complaint([](TensorProto& t) {
              t.clear_raw_data();
              t.add_float_data(1);
          }) == w + "field 'float_data': holds 1 values, but the shape needs 4");
    CHECK(complaint([](TensorProto& t) {
              t.clear_raw_data();
              t.add_double_data(1);
          }) == w + "field 'double_data': holds data, but elements of type F32 belong into float_data");
    CHECK(complaint(withInt32(TensorProto::INT8, 128)) ==
          w + "field 'int32_data': 128 is out of the range of type I8");
    CHECK(complaint(withInt32(TensorProto::UINT8, -1)) ==
          w + "field 'int32_data': -1 is out of the range of type U8");
    CHECK(complaint(withInt32(TensorProto::FLOAT16, 65536)) ==
          w + "field 'int32_data': 65536 is out of the range of type F16");
    CHECK(complaint(withInt32(TensorProto::BOOL, 2)) ==
          w + "field 'int32_data': 2 is out of the range of type BOOL");
    CHECK(complaint([&](TensorProto& t) {
              typed(TensorProto::UINT32)(t);
              for (int i = 0; i < 4; ++i) t.add_uint64_data(uint64_t{1} << 32);
          }) == w + "field 'uint64_data': 4294967296 is out of the range of type U32");
}

TEST_CASE("A data_location that the schema does not know is refused", "[onnx]") {
    const TempFolder folder;
    const TensorProto tensor = floatTensor("w", {1}, std::vector{1.f});
    TensorProto unknown = tensor;
    unknown.mutable_unknown_fields()->AddVarint(TensorProto::kDataLocationFieldNumber, 7);
    CHECK(complaint(modelWith(unknown)) ==
          "tensor 'w': field 'data_location': is neither DEFAULT nor EXTERNAL");
}

TEST_CASE("Names must be there, UTF-8, and unlike each other", "[onnx]") {
    const TensorProto w = floatTensor("w", {1}, std::vector{1.f});
    onnx::ModelProto twice = modelWith(w);
    *twice.mutable_graph()->add_initializer() = w;
    CHECK(complaint(twice) == "tensor 'w': appears twice");
    CHECK(complaint([](TensorProto& t) { t.clear_name(); }) == "field 'name': an initializer has none");
    CHECK(complaint([](TensorProto& t) { t.set_name("\xff\n"); }) ==
          "tensor '\\xff\\n': field 'name': is not UTF-8");
}

TEST_CASE("What is no model says so", "[onnx]") {
    const TempFolder folder;
    const std::string noModel =
        "is not a whole ONNX model: malformed, cut short, or nested more than 33 graphs deep";
    CHECK(complaint(folder, "hello, this is text") == noModel);
    onnx::ModelProto model = modelWith(floatTensor("w", {1}, std::vector{1.f}));
    model.clear_graph();
    CHECK(complaint(model) == "field 'graph': is missing: not an ONNX model");
}

TEST_CASE("A model of more than 2 GB is refused unread", "[onnx]") {
    const TempFolder folder;
    const std::string path = folder.write("m.onnx", "x");
    std::filesystem::resize_file(path, (uint64_t{1} << 31));
    try {
        openTensorFile(path);
        FAIL("it must be refused");
    } catch (const InputError& error) {
        CHECK(std::string(error.what()).contains("is larger than 2 GB"));
    }
}

TEST_CASE("A file of tiny messages, which would fill the memory, is refused before it is parsed", "[onnx]") {
    const TempFolder folder;
    // Empty nodes: two bytes each, and some three hundred in memory.
    std::string nodes;
    for (int i = 0; i < 5'000'000; ++i) nodes.append("\x0a\x00", 2);
    std::string model = "\x3a";
    for (size_t size = nodes.size(); size > 0; size >>= 7)
        model += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
    const std::string groups = "\xfb\x07\xfc\x07";  // protobuf's old groups, as field 127
    CHECK(complaint(folder, groups + model + nodes).contains("is not a whole ONNX model"));
    CHECK(complaint(folder, model + nodes) ==
          "holds so many tiny parts that it would take more than 1 GiB and 8 times its size in memory");
}

TEST_CASE("Graphs nest as deep as protobuf reads, and no deeper", "[onnx]") {
    onnx::GraphProto graph = branch("leaf", 1);
    for (int depth = 1; depth < 40; ++depth) {
        onnx::ModelProto model = emptyModel(17);
        *model.mutable_graph() = graph;
        INFO(depth);
        CHECK(complaint(model).empty() == (depth <= 33));
        onnx::GraphProto outer;
        *addNode(outer, "Loop", {}, {}).add_attribute() = graphAttribute("body", graph);
        graph = std::move(outer);
    }
}

TEST_CASE("metadata_props are the metadata; keys that repeat and bytes that are not UTF-8 are refused",
          "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = modelWith(floatTensor("w", {1}, std::vector{1.f}));
    const auto add = [&](const std::string& key, const std::string& value) {
        onnx::StringStringEntryProto& entry = *model.add_metadata_props();
        entry.set_key(key);
        entry.set_value(value);
    };
    add("k", "v");
    save(model, folder / "m.onnx");
    CHECK(openTensorFile(folder / "m.onnx")->metadata() == std::map<std::string, std::string>{{"k", "v"}});
    add("k", "w");
    CHECK(complaint(model) == "field 'metadata_props': key 'k' appears twice");
    model.mutable_metadata_props(1)->set_key("\xc0");
    CHECK(complaint(model) == "field 'metadata_props': key '\\xc0' or its value is not UTF-8");
}

TEST_CASE("A model is known by its contents too", "[onnx]") {
    const TempFolder folder;
    const std::string bytes = modelWith(floatTensor("w", {1}, std::vector{1.f})).SerializeAsString();
    CHECK(openTensorFile(folder.write("model", bytes))->format() == "onnx");
    CHECK_THROWS_AS(openTensorFile(folder.write("model", bytes + "x")), InputError);
    CHECK_THROWS_AS(openTensorFile(folder.write("model", bytes.substr(0, bytes.size() - 1))), InputError);
    CHECK(openTensorFile(folder.write("empty", std::string("\x02\0\0\0\0\0\0\0{}", 10)))->format() ==
          "safetensors");
}

TEST_CASE("A model cut short at any byte is refused", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = emptyModel(17);
    *model.mutable_graph() = branch("g", 1);
    // The fields before the graph make no model, and nothing may be missing behind it.
    const std::string whole = model.SerializeAsString();
    REQUIRE(complaint(folder, whole).empty());
    for (size_t size = 1; size + 4 < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(complaint(folder, whole.substr(0, size)).empty());
    }
}

TEST_CASE("A model with random bytes changed opens and reads or is refused, and nothing else", "[onnx]") {
    const TempFolder folder;
    std::mt19937 random(20240502);
    onnx::ModelProto model = emptyModel(17);
    onnx::GraphProto& graph = *model.mutable_graph();
    graph = branch("g", 1);
    for (const auto& [type, dtype, expected, fill] : fieldCases())
        *graph.add_initializer() =
            rawTensor(std::string("w") + std::string(name(dtype)), type, {3}, expected);
    const std::string whole = model.SerializeAsString();
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string bytes = whole;
        for (auto flips = 1 + random() % 3; flips > 0; --flips)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        if (!complaint(folder, bytes).empty()) {
            ++refused;
            continue;
        }
        const auto file = openTensorFile(folder / "m.onnx");
        for (size_t i = 0; i < file->tensors().size(); ++i) {
            if (file->tensors()[i].unreadable.empty()) readAll(*file, i);
        }
    }
    CHECK(refused > 300);
    CHECK(refused < 3000);
}

TEST_CASE("Models of the onnx package read as it wrote them", "[onnx]") {
    const std::string fixtures = sourceFile("tests/fixtures/");
    const auto types = openTensorFile(fixtures + "onnx_types.onnx");
    const auto patterns = [](DType dtype) -> std::string {
        switch (dtype) {
            case DType::F32:
                return bytesOf(std::vector<float>{0, 1, 2, 3, 4, 5});
            case DType::F64:
                return bytesOf(std::vector<double>{0, 1, 2, 3, 4, 5});
            case DType::F16:
                return bytesOf(std::vector<uint16_t>{0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500});
            case DType::BF16:
                return bytesOf(std::vector<uint16_t>{0, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0});
            case DType::F8E4M3:
                return bytesOf(std::vector<uint8_t>{0, 0x38, 0x40, 0x44, 0x48, 0x4a});
            case DType::F8E5M2:
                return bytesOf(std::vector<uint8_t>{0, 0x3c, 0x40, 0x42, 0x44, 0x45});
            default: {
                std::string bytes;
                for (char value = 0; value < 6; ++value)
                    bytes += value + std::string(elementSizeBytes(dtype) - 1, '\0');
                return bytes;
            }
        }
    };
    size_t readable = 0;
    for (size_t i = 0; i < types->tensors().size(); ++i) {
        const TensorInfo& info = types->tensors()[i];
        INFO(info.name);
        CHECK(info.shape == std::vector<uint64_t>{2, 3});
        CHECK(info.unreadable.empty() != info.name.contains("INT4"));
        if (!info.unreadable.empty()) continue;
        ++readable;
        CHECK(readAll(*types, i) == patterns(info.dtype));
    }
    CHECK(readable == 25);
    const auto external = openTensorFile(fixtures + "onnx_external.onnx");
    for (size_t i = 0; i < 2; ++i) {
        std::vector<float> expected(external->tensors()[i].elements);
        for (size_t k = 0; k < expected.size(); ++k) expected[k] = 0.25f * static_cast<float>(k);
        CHECK(readAll(*external, i) == bytesOf(expected));
    }
}

TEST_CASE("External data is read from its place in the model's folder", "[onnx]") {
    const TempFolder folder;
    std::filesystem::create_directory(folder / "data");
    folder.write("data/w.bin", "....abcdefgh");
    TensorProto w = rawTensor("w", TensorProto::UINT8, {2, 3}, "");
    w.clear_raw_data();
    TensorProto rest = w, scalar = w;
    rest.set_name("rest");
    scalar.set_name("scalar");
    scalar.clear_dims();
    addExternal(w, "location", "data/w.bin");
    addExternal(w, "offset", "4");
    addExternal(w, "length", "6");
    addExternal(w, "checksum", "whatever");
    addExternal(rest, "location", "./data//w.bin");
    addExternal(scalar, "location", "data/w.bin");
    addExternal(scalar, "offset", "11");
    onnx::ModelProto model = modelWith(w);
    *model.mutable_graph()->add_initializer() = rest;
    *model.mutable_graph()->add_initializer() = scalar;
    save(model, folder / "m.onnx");
    const auto file = openTensorFile(folder / "m.onnx");
    CHECK(readAll(*file, 0) == "abcdef");
    CHECK(readAll(*file, 1) == "....ab");
    CHECK(readAll(*file, 2) == "h");
}

TEST_CASE("External data never leaves the model's folder", "[onnx]") {
    const TempFolder outside, folder;
    outside.write("secret", std::string(16, 's'));
    folder.write("data", std::string(16, 'd'));
    std::filesystem::create_directory(folder / "sub");
    folder.write("sub/data", std::string(16, 'd'));
    std::filesystem::create_symlink(outside / "secret", folder / "link");
    std::filesystem::create_symlink(folder / "data", folder / "innocent_link");
    std::filesystem::create_symlink(outside.path(), folder / "linked_folder");
    const auto problem = [&](const std::string& location) {
        TensorProto w = floatTensor("w", {4}, {});
        w.clear_raw_data();
        addExternal(w, "location", location);
        return complaint(folder, modelWith(w).SerializeAsString());
    };
    const std::string prefix = "tensor 'w': field 'location': ";
    CHECK(problem("data").empty());
    CHECK(problem("sub/data").empty());
    const std::string secret = (outside / "secret").string();
    CHECK(problem(secret) == prefix + "'" + secret + "' is an absolute path");
    const std::string up = "../" + outside.path().filename().string() + "/secret";
    CHECK(problem(up) == prefix + "'" + up + "' leads out of the folder");
    CHECK(problem("sub/../data") == prefix + "'sub/../data' leads out of the folder");
    CHECK(problem("..") == prefix + "'..' leads out of the folder");
    CHECK(problem("link") == prefix + "'link' goes through the symbolic link 'link', which is not followed");
    CHECK(problem("innocent_link").contains("symbolic link"));
    CHECK(problem("linked_folder/secret") ==
          prefix +
              "'linked_folder/secret' goes through the symbolic link 'linked_folder', which is not followed");
    CHECK(problem("missing") == prefix + "cannot open 'missing': No such file or directory");
    CHECK(problem("data/x") == prefix + "cannot open 'data/x': Not a directory");
    CHECK(problem("sub") == prefix + "'sub' is not a regular file");
    CHECK(problem("sub/") == prefix + "'sub/' names no file");
    CHECK(problem("") == prefix + "is empty");
    CHECK(problem(".") == prefix + "'.' names no file");
    CHECK(problem(std::string("data\0x", 6)) == prefix + "holds a NUL");
}

TEST_CASE("External data must lie within its file and be described whole", "[onnx]") {
    const TempFolder folder;
    folder.write("data", std::string(20, 'd'));
    const auto problem = [&](const std::vector<std::pair<std::string, std::string>>& entries,
                             const std::string& raw = "") {
        TensorProto w = floatTensor("w", {4}, {});
        if (raw.empty())
            w.clear_raw_data();
        else
            w.set_raw_data(raw);
        w.set_data_location(TensorProto::EXTERNAL);
        for (const auto& [key, value] : entries) addExternal(w, key, value);
        return complaint(folder, modelWith(w).SerializeAsString());
    };
    const std::string prefix = "tensor 'w': field 'external_data': ";
    CHECK(problem({{"location", "data"}, {"offset", "4"}}).empty());
    CHECK(problem({{"location", "data"}, {"offset", "5"}}) ==
          prefix + "16 bytes from 5 on lie beyond the 20 of 'data'");
    CHECK(problem({{"location", "data"}, {"offset", "18446744073709551615"}}) ==
          prefix + "16 bytes from 18446744073709551615 on lie beyond the 20 of 'data'");
    CHECK(problem({{"location", "data"}, {"offset", "18446744073709551616"}}) ==
          prefix + "offset '18446744073709551616' is not a number from 0 to 2^64-1");
    for (const char* offset : {"", "-1", "+1", " 1", "1 ", "0x1", "1e3", "one"})
        CHECK(problem({{"location", "data"}, {"offset", offset}}).contains("is not a number"));
    CHECK(problem({{"location", "data"}, {"length", "15"}}) ==
          prefix + "length is 15, but shape and type need 16 bytes");
    CHECK(problem({{"offset", "0"}}) == prefix + "key 'location' is missing");
    CHECK(problem({{"location", "data"}, {"location", "data"}}) == prefix + "key 'location' appears twice");
    CHECK(problem({{"location", "data"}}, std::string(16, 'r')) ==
          "tensor 'w': field 'raw_data': holds data that should be external");
}

TEST_CASE("External data that shrinks after the model was opened is an error that names the tensor",
          "[onnx]") {
    const TempFolder folder;
    const std::string data = folder.write("data", std::string(16, 'd'));
    TensorProto w = floatTensor("w", {4}, {});
    w.clear_raw_data();
    addExternal(w, "location", "data");
    save(modelWith(w), folder / "m.onnx");
    const auto file = openTensorFile(folder / "m.onnx");
    std::filesystem::resize_file(data, 10);
    try {
        readAll(*file, 0);
        FAIL("the read must throw");
    } catch (const InputError& error) {
        CHECK(std::string(error.what()).contains("data: tensor 'w': the file ends 6 bytes early"));
    }
}

}  // namespace tests
