#include "app/conv_options.h"

#include "app/options.h"

#include <CLI/CLI.hpp>

namespace app {

namespace {

constexpr uint32_t mostStep = 65535;

void addSizeOptions(CLI::App& command, ConvSource& source) {
    const auto addSize = [&](const char* name, const char* help, uint32_t least,
                             std::optional<uint32_t>& size) {
        addOption(command, name, "N", help,
                  [&size, least](const std::string& text) { size = countFrom(text, least, UINT32_MAX); });
    };
    addSize("--images", "images of the input (default 1)", 0, source.images);
    addSize("--channels", "channels of each (default 64)", 1, source.channels);
    addSize("--height", "rows of each channel (default 56)", 1, source.height);
    addSize("--width", "columns (default 56)", 1, source.width);
    addSize("--filters", "channels of the output (default 64)", 1, source.filters);
    addOption(command, "--kernel", "N|HxW", "height and width of the kernel (default 3)",
              [&](const std::string& text) { source.kernel = extentPairFrom(text, 1, UINT32_MAX); });
}

void addGeometryOptions(CLI::App& command, ConvSource& source) {
    addOption(command, "--stride", "N|YxX", "rows and columns from one output to the next (default 1)",
              [&](const std::string& text) { source.stride = extentPairFrom(text, 1, mostStep); });
    addOption(
        command, "--padding", "same|N|YxX|TOP,LEFT,BOTTOM,RIGHT",
        "rows and columns around the input (default same: what keeps height and width at stride 1; of an "
        "odd number the larger half lies below and right)",
        [&](const std::string& text) { source.padding = paddingFrom(text); });
    addOption(command, "--dilation", "N|YxX",
              "rows and columns from one element of the kernel to the next (default 1)",
              [&](const std::string& text) { source.dilation = extentPairFrom(text, 1, mostStep); });
    addOption(command, "--groups", "N",
              "groups of channels and filters that do not see each other (default 1)",
              [&](const std::string& text) { source.groups = countFrom(text, 1, UINT32_MAX); });
}

void addOperandOptions(CLI::App& command, ConvArguments& arguments) {
    ConvSource& source = arguments.source;
    addOption(command, "--type", "fp32|fp16|bf16|int8|uint8|int4|ternary|binary",
              "elements of weights and input, of the last three those of the weights, the input being int8 "
              "(default fp32); the output is float32, or int32 of integers",
              [&](const std::string& text) { source.types = convTypesFrom(text); });
    addOption(command, "--path", "auto|direct|im2col|implicit|winograd2|winograd4",
              "how it is computed (default auto)",
              [&](const std::string& text) { arguments.path = convPathFrom(text); });
    addInputFileOption(command, "--input",
                       "npy file with the input, of the type (bf16: its bits as uint16), "
                       "[images][channels][height][width] (default: pseudo-random)",
                       source.input);
    addInputFileOption(command, "--weights",
                       "npy file with the weights, beside --input (int4, ternary, binary: int8), "
                       "[filters][channels/groups][height][width]",
                       source.weights);
    addOption(command, "--zero-point", "N", "what padding holds in inputs of integers (default 0)",
              [&](const std::string& text) { source.zeroPoint = zeroPointFrom(text); });
}

void addModeOptions(CLI::App& command, ConvArguments& arguments) {
    addRepeatOption(command, arguments.repeat);
    addNpyOutputOption(command, "write the output as an npy file", arguments.output);
    const auto addMode = [&](const char* name, bool& flag, const char* help) {
        command.add_flag(name, flag, help)->disable_flag_override();
    };
    addMode("--check", arguments.isChecked,
            "compare with the host in double precision: all elements, or a sample of large outputs");
    addMode("--table", arguments.isTable, "every type by every path that takes the shape, checked");
    exclude(command, "--table", {"--type", "--path", "--input", "--weights", "--zero-point", "--output"});
}

}  // namespace

void addConvOptions(CLI::App& command, ConvArguments& arguments) {
    addSizeOptions(command, arguments.source);
    addGeometryOptions(command, arguments.source);
    addOperandOptions(command, arguments);
    addModeOptions(command, arguments);
}

}  // namespace app
