#include "app/gemm_options.h"

#include "app/options.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>

namespace app {

namespace {

void addSizeOptions(CLI::App& command, GemmSource& source) {
    const auto addSize = [&](const char* name, const char* help, std::optional<uint32_t>& size) {
        addOption(command, name, "N", help,
                  [&](const std::string& text) { size = countFrom(text, 0, UINT32_MAX); });
    };
    addSize("--m", "rows of A and C (default 1024; --table: 256)", source.m);
    addSize("--n", "columns of B and C", source.n);
    addSize("--k", "columns of A, rows of B", source.k);
}

void addOperandOptions(CLI::App& command, GemmSource& source) {
    addInputFileOption(
        command, "--a",
        "npy file with A, of the type (tf32: float32; bf16: its bits as uint16; default: pseudo-random)",
        source.a);
    addInputFileOption(command, "--b", "npy file with B, beside --a (int4, ternary, binary: int8)", source.b);
    addInputFileOption(command, "--c", "npy file with what --beta adds: float32, or int32 of integers",
                       source.c);
    command.add_flag("--transpose-a", source.isATransposed, "A lies transposed: k rows of m columns")
        ->disable_flag_override();
    command.add_flag("--transpose-b", source.isBTransposed, "B lies transposed: n rows of k columns")
        ->disable_flag_override();
    addOption(command, "--alpha", "X", "what A*B is multiplied by (default 1)",
              [&](const std::string& text) { source.alpha = floatFrom(text); });
    addOption(command, "--beta", "X",
              "what C is multiplied by before it is added (default 0; integers: 0 or 1)",
              [&](const std::string& text) { source.beta = floatFrom(text); });
}

void addPathOptions(CLI::App& command, GemmArguments& arguments) {
    addOption(command, "--type", "fp32|tf32|fp16|fp16:fp16|bf16|int16|int8|uint8|int4|ternary|binary",
              "elements of A and B, of the last three those of B, A being int8 (default fp32); fp16:fp16 has "
              "sums of "
              "fp16; C is float32, or int32 of integers",
              [&](const std::string& text) { arguments.source.types = gemmTypesFrom(text); });
    addOption(command, "--path", "auto|reference|tiled|shared|skinny|dot|coopmat",
              "how it is computed (default auto)",
              [&](const std::string& text) { arguments.choice.path = gemmPathFrom(text); });
    addOption(command, "--tile", "RxCxU",
              "rows and columns that an invocation computes, and how far the loop along k is unrolled",
              [&](const std::string& text) { arguments.choice.tile = quant::gemmTileFrom(text); });
    addRepeatOption(command, arguments.choice.repeat);
}

void addModeOptions(CLI::App& command, GemmArguments& arguments) {
    addNpyOutputOption(command, "write C as an npy file", arguments.output);
    const auto addMode = [&](const char* name, bool& flag, const char* help) {
        command.add_flag(name, flag, help)->disable_flag_override();
    };
    addMode("--check", arguments.isChecked,
            "compare with the host in double precision: all elements, or a sample of large products");
    addMode("--table", arguments.isTable, "every type by every path of the device, checked");
    addMode("--roofline", arguments.isRoofline,
            "square products of 64 to 2048, beside what arithmetic and memory allow");
    exclude(
        command, "--table",
        {"--roofline", "--a", "--b", "--c", "--type", "--path", "--tile", "--alpha", "--beta", "--output"});
    exclude(command, "--roofline", {"--a", "--b", "--c", "--m", "--n", "--k", "--check", "--output"});
}

}  // namespace

void addGemmOptions(CLI::App& command, GemmArguments& arguments) {
    addSizeOptions(command, arguments.source);
    addPathOptions(command, arguments);
    addOperandOptions(command, arguments.source);
    addModeOptions(command, arguments);
}

}  // namespace app
