#include "quant/clip_rule.h"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace tests {

using namespace quant;

namespace {

struct Case {
    const char* method;
    const char* format;
    ClipWay plain, cosine, weighted;
};

ClipWay wayOf(const Case& one, MetricKind metric) {
    return ruleOf({methodFrom(one.method), numberFormatFrom(one.format)}, metric).way;
}

}  // namespace

TEST_CASE("A method, a format and a metric decide how a clip is found", "[clip_rule]") {
    using enum ClipWay;
    for (const Case& one : {Case{"octav", "int4", Root, LeastModelled, LeastModelled},
                            {"octav-paper", "int4", Root, Root, Root},
                            {"mse", "int4", Least, Least, Least},
                            {"max", "int4", Rank, Rank, Rank},
                            {"percentile:99", "int4-affine", Rank, Rank, Rank},
                            {"entropy", "int8", Entropy, Entropy, Entropy},
                            {"octav", "int4-affine", TwoSided, Least, Least},
                            {"octav", "fp8-e4m3", Least, Least, Least},
                            {"octav", "binary", Mean, Mean, Least},
                            {"mse", "binary", Mean, Mean, Least},
                            {"octav", "int4-pow2", Root, LeastModelled, LeastModelled},
                            {"mse", "q3.4", Fixed, Fixed, Fixed},
                            {"octav", "bf16", Fixed, Fixed, Fixed},
                            {"max", "mxfp4", BlockScale, BlockScale, BlockScale},
                            {"mse", "nvfp4", BlockScale, BlockScale, BlockScale}}) {
        INFO(one.method << " on " << one.format);
        CHECK(wayOf(one, MetricKind::Mse) == one.plain);
        CHECK(wayOf(one, MetricKind::Cosine) == one.cosine);
        CHECK(wayOf(one, MetricKind::Weighted) == one.weighted);
    }
}

TEST_CASE("Only scales that must be powers of two are rounded", "[clip_rule]") {
    for (const char* method : {"octav", "octav-paper", "mse", "max", "percentile:99", "entropy"}) {
        for (const MetricKind metric : {MetricKind::Mse, MetricKind::Cosine, MetricKind::Weighted}) {
            const auto roundingOn = [&](const char* format) {
                return ruleOf({methodFrom(method), numberFormatFrom(format)}, metric).rounding;
            };
            INFO(method);
            CHECK(roundingOn("int8") == ScaleRounding::None);
            const std::string name = method;
            CHECK(roundingOn("int8-pow2") == (name == "max"   ? ScaleRounding::Up
                                              : name == "mse" ? ScaleRounding::None
                                                              : ScaleRounding::Better));
        }
    }
    CHECK(withFreeScale(numberFormatFrom("int8-pow2")) == numberFormatFrom("int8"));
}

}  // namespace tests
