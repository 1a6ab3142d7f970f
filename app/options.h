#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quant/analysis.h"
#include "quant/method.h"

namespace app {

// What the values of options mean. All throw std::invalid_argument with a message for the user.

// "4", "2-8", "4,8" and mixtures: each width from 2 to 16 once, in rising order.
std::vector<uint32_t> bitsFrom(std::string_view text);

// A single width, 2 to 16.
uint32_t oneBitWidthFrom(std::string_view text);

// "octav,max": each method once, in the order given.
std::vector<quant::Method> methodsFrom(std::string_view text);

// "auto", "signed", "unsigned".
quant::Sign signFrom(std::string_view text);
std::string_view name(quant::Sign sign);

// "512M", "2G", "65536": bytes, with K, M, G or T for powers of 1024.
uint64_t sizeFrom(std::string_view text);

// sizeFrom, at least 16 MiB: what the streaming of tensors needs.
uint64_t memoryFrom(std::string_view text);

// Whether the tensor name matches the glob (fnmatch: * ? [a-z]; a slash or dot is a letter like any other).
bool matches(const std::string& glob, const std::string& name);

}  // namespace app
