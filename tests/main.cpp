#include "tests/device_fixture.h"

#include <catch2/catch_session.hpp>

#include <cstdio>
#include <cstdlib>

// Leaves without running static destructors: SwiftShader's own statics may be gone before the device that
// tests share, and closing it then crashes now and then. Tests that open a device of their own also close it.
int main(int argc, char** argv) {
    int result = Catch::Session().run(argc, argv);
    if (const std::string left = tests::takeMessages(); !left.empty()) {
        std::fprintf(stderr, "validation messages after the last test:\n%s", left.c_str());
        result = EXIT_FAILURE;
    }
    std::fflush(nullptr);
    std::_Exit(result);
}
