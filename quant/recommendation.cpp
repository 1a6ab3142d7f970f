#include "quant/recommendation.h"

#include "quant/code_storage.h"
#include "quant/comparison.h"

#include <algorithm>
#include <cmath>
#include <format>
#include <stdexcept>

namespace quant {

namespace {

TensorChoices choicesOf(TensorAnalysis analysis) {
    TensorChoices tensor{
        .info = analysis.info, .finite = analysis.profile.finite(), .energy = energyOf(analysis)};
    for (MethodResult& result : analysis.results) {
        const uint64_t cost = storedBits(result, tensor.info.elements);
        const double squared = result.mse * static_cast<double>(tensor.finite);
        tensor.choices.push_back({std::move(result), cost, squared});
    }
    return tensor;
}

std::vector<std::vector<BitOption>> allocationOptions(const std::vector<TensorChoices>& tensors) {
    std::vector<std::vector<BitOption>> options;
    for (const TensorChoices& tensor : tensors) {
        auto& list = options.emplace_back();
        for (const FormatChoice& choice : tensor.choices) list.push_back({choice.costBits, choice.squared});
    }
    return options;
}

double decibels(double energy, double squared) {
    return 10 * std::log10(energy / squared);
}

// To four decimals, upwards: what is said to be possible is.
double roundedUp(double value) {
    return std::ceil(value * 1e4) / 1e4;
}

[[noreturn]] void refuseBits(const std::vector<TensorChoices>& tensors, uint64_t elements, double asked) {
    uint64_t least = 0;
    for (const TensorChoices& tensor : tensors)
        least += std::ranges::min_element(tensor.choices, {}, &FormatChoice::costBits)->costBits;
    throw std::invalid_argument(
        std::format("--target-bits {} is out of reach: the choices take {} bits at least, scales included",
                    asked, roundedUp(static_cast<double>(least) / static_cast<double>(elements))));
}

[[noreturn]] void refuseSqnr(const std::vector<TensorChoices>& tensors, double energy, double asked) {
    double least = 0;
    for (const TensorChoices& tensor : tensors)
        least += std::ranges::min_element(tensor.choices, {}, &FormatChoice::squared)->squared;
    throw std::invalid_argument(
        std::format("--target-sqnr {} is out of reach: the choices give {} dB at most", asked,
                    -roundedUp(-decibels(energy, least))));
}

BitAllocation allocate(const Recommendation& all, const RecommendOptions& options) {
    const auto table = allocationOptions(all.tensors);
    if (options.targetBits) {
        try {
            const double budget = *options.targetBits * static_cast<double>(all.elements);
            return leastError(table, static_cast<uint64_t>(std::clamp(budget, 0.0, 0x1p53)));
        } catch (const UnreachableLimit&) {
            refuseBits(all.tensors, all.elements, *options.targetBits);
        }
    }
    try {
        return leastCost(table, all.energy * std::pow(10.0, -options.targetSqnr.value() / 10));
    } catch (const UnreachableLimit&) {
        refuseSqnr(all.tensors, all.energy, *options.targetSqnr);
    }
}

}  // namespace

uint64_t storedBits(const MethodResult& result, uint64_t elements) {
    const NumberFormat& format = result.format;
    const uint64_t wholeBits = 8 * elementSizeBytes(storageType(format));
    const uint64_t codes = isPackable(format) ? 8 * packedBytes(elements, format.bits) : elements * wholeBits;
    if (format.fixedScale()) return codes;
    const uint64_t scaleBits = format.isBlockScaled() ? 8 : 32,
                   zeroPointBits = format.isAffine ? wholeBits : 0;
    const uint64_t tensorScale = format.scaleRule == ScaleRule::E4M3 ? 32 : 0;
    return codes + result.scale.size() * (scaleBits + zeroPointBits) + tensorScale;
}

double Recommendation::bitsPerElement() const {
    return elements == 0 ? 0 : static_cast<double>(allocation.costBits) / static_cast<double>(elements);
}

std::optional<double> Recommendation::sqnrDb() const {
    if (!(allocation.squaredError > 0) || !(energy > 0)) return {};
    return decibels(energy, allocation.squaredError);
}

Recommendation recommend(Analyzer& analyzer, const TensorFile& file, const std::vector<size_t>& selected,
                         const RecommendOptions& options,
                         const std::function<void(const TensorInfo&)>& onTensor) {
    Recommendation result;
    for (const size_t index : selected) {
        if (file.tensors()[index].elements == 0) continue;
        result.tensors.push_back(choicesOf(analyzer.analyze(file, index, options.choices)));
        result.elements += result.tensors.back().info.elements;
        result.energy += result.tensors.back().energy;
        onTensor(result.tensors.back().info);
    }
    result.allocation = allocate(result, options);
    for (size_t i = 0; i < result.tensors.size(); ++i)
        result.tensors[i].chosen = result.allocation.choices[i];
    return result;
}

}  // namespace quant
