#include "quant/quantization_plan.h"

#include "tests/reading.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

using namespace quant;
using quant::tests::TempFolder;

namespace {

std::vector<PlannedTensor> planOf(std::string_view text) {
    const TempFolder folder;
    return readQuantizationPlan(InputFile(folder.write("plan.json", text)));
}

// The message without the path; empty for a plan that is taken.
std::string complaintAbout(std::string_view text) {
    const TempFolder folder;
    const auto path = folder.write("plan.json", text);
    const std::string message = quant::tests::complaintOf([&] { readQuantizationPlan(InputFile(path)); });
    REQUIRE((message.empty() || message.starts_with(path.string() + ": ")));
    return message.empty() ? message : message.substr(path.string().size() + 2);
}

// A plan of one tensor that has these fields beside its name.
std::string withFields(const std::string& fields) {
    return R"({"tensors":[{"name":"a",)" + fields + "}]}";
}

}  // namespace

TEST_CASE("A tensor's granularity and method are its own, or else the plan's", "[plan]") {
    const auto plan = planOf(R"({"tensors":[{"name":"a","format":"int4","granularity":"channel:1"},
                                            {"name":"b","method":"max","format":"mxfp4","bits":4}],
                                 "options":{"method":"percentile:99.9","granularity":"group:8"}})");
    REQUIRE(plan.size() == 2);
    CHECK(plan[0].name == "a");
    CHECK(plan[0].format == numberFormatFrom("int4"));
    CHECK(plan[0].granularity.name() == "channel:1");
    CHECK(plan[0].method.name() == "percentile:99.9");
    CHECK(plan[1].format == numberFormatFrom("mxfp4"));
    CHECK(plan[1].granularity.name() == "group:8");
    CHECK(plan[1].method.name() == "max");
}

TEST_CASE("A plan without options means octav on whole tensors", "[plan]") {
    const auto plan = planOf(withFields(R"("format":"uint8-affine")"));
    REQUIRE(plan.size() == 1);
    CHECK(plan[0].granularity == Granularity());
    CHECK(plan[0].method.name() == "octav");
}

TEST_CASE("What a plan does not need is skipped, wherever it stands and however it nests", "[plan]") {
    const auto plan = planOf(R"({"seconds":{"tensors":[1]},"x":[[{"name":1}]],"options":{"bits":[4],"name":7},
                                 "tensors":[{"choices":[{"format":"int2","name":"z"}],"format":"int3",
                                             "shape":[2,{"format":null}],"name":"a","sqnr_db":null}]})");
    REQUIRE(plan.size() == 1);
    CHECK(plan[0].name == "a");
    CHECK(plan[0].format.bits == 3);
}

TEST_CASE("What is no plan is refused with the tensor and the field", "[plan]") {
    CHECK(complaintAbout("[]") == "must be a JSON object with tensors");
    CHECK(complaintAbout("7") == "must be a JSON object with tensors");
    CHECK(complaintAbout("{}") == "field 'tensors': is missing");
    CHECK(complaintAbout(R"({"tensors":[]})") == "field 'tensors': is empty");
    CHECK(complaintAbout(R"({"tensors":{}})") == "field 'tensors': must be a list");
    CHECK(complaintAbout(R"({"tensors":[1]})") == "field 'tensors': must hold objects");
    CHECK(complaintAbout(R"({"tensors":[[]]})") == "field 'tensors': must hold objects");
    CHECK(complaintAbout(R"({"tensors":["a"]})") == "field 'tensors': must hold objects");
    CHECK(complaintAbout(R"({"tensors":[],"tensors":[]})") == "field 'tensors': appears twice");
    CHECK(complaintAbout(R"({"options":[],"tensors":[]})") == "field 'options': must be an object");
    CHECK(complaintAbout(R"({"tensors":[{"format":"int4"}]})") == "field 'name': is missing");
    CHECK(complaintAbout(R"({"tensors":[{"name":"a"}]})") == "tensor 'a': field 'format': is missing");
    CHECK(complaintAbout(R"({"options":{"method":3},"tensors":[]})") == "field 'method': must be a string");
    CHECK(complaintAbout(withFields(R"("format":4)")) == "tensor 'a': field 'format': must be a string");
    CHECK(complaintAbout(withFields(R"("format":["int4"])")) ==
          "tensor 'a': field 'format': must be a string");
    CHECK(complaintAbout(withFields(R"("format":"int4","format":"int5")")) ==
          "tensor 'a': field 'format': appears twice");
    CHECK(complaintAbout(withFields(R"("format":"int77")"))
              .starts_with("tensor 'a': field 'format': unknown number format 'int77'"));
    CHECK(complaintAbout(withFields(R"("format":"int4","method":"best")"))
              .starts_with("tensor 'a': field 'method': "));
    CHECK(complaintAbout(withFields(R"("format":"int4","granularity":"row")"))
              .starts_with("tensor 'a': field 'granularity': "));
    CHECK(complaintAbout(R"({"tensors":[{"name":"a","format":"int4"},{"name":"a","format":"int4"}]})") ==
          "tensor 'a': field 'name': appears twice");
    CHECK(complaintAbout(R"({"tensors":[)").starts_with("is not valid JSON: "));
    CHECK(complaintAbout(std::string_view("{}\0", 3)) == "is not valid JSON: a NUL character (at byte 2)");
}
