#include "quant/method.h"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

namespace tests {

using namespace quant;

TEST_CASE("Every method's name parses to the method of that name", "[method]") {
    for (const std::string& name : methodNames()) CHECK(methodFrom(name).name() == name);
}

TEST_CASE("Method names stand for their kinds", "[method]") {
    CHECK(methodFrom("octav").kind == MethodKind::Octav);
    CHECK(methodFrom("octav-paper").kind == MethodKind::OctavPaper);
    CHECK(methodFrom("max").kind == MethodKind::Max);
    CHECK(methodFrom("entropy").kind == MethodKind::Entropy);
    CHECK(methodFrom("mse").kind == MethodKind::Mse);
    CHECK(methodFrom("percentile:99.99").kind == MethodKind::Percentile);
    CHECK(methodFrom("percentile:99.99").percentile->text() == "99.99");
    CHECK_FALSE(methodFrom("octav").percentile);
}

TEST_CASE("An unknown method is refused with the names there are", "[method]") {
    for (const char* text : {"", "Octav", "octav ", "octave", "percentile", "entropie"}) {
        try {
            methodFrom(text);
            FAIL("'" << text << "' was taken");
        } catch (const std::invalid_argument& error) {
            for (const std::string& name : methodNames()) CHECK(std::string(error.what()).contains(name));
        }
    }
}

TEST_CASE("A percentile method without a percentile is refused", "[method]") {
    for (const char* text :
         {"percentile:", "percentile:0", "percentile:101", "percentile:x", "percentile: 99"}) {
        CHECK_THROWS_AS(methodFrom(text), std::invalid_argument);
    }
}

}  // namespace tests
