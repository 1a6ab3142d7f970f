#include "quant/recommendation.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace quant {

namespace {

TensorChoices choicesOf(TensorAnalysis analysis) {
    TensorChoices tensor{.info = std::move(analysis.info)};
    const auto finite = static_cast<double>(analysis.profile.finite());
    const double mean = analysis.profile.mean();
    tensor.energy = (analysis.std * analysis.std + mean * mean) * finite;
    for (MethodResult& result : analysis.results) {
        const uint64_t cost = storedBits(result, tensor.info.elements);
        const double squared = result.mse * finite;
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

// What the target is beyond, in the user's own units.
[[noreturn]] void refuseBits(const std::vector<TensorChoices>& tensors, uint64_t elements, double asked) {
    uint64_t least = 0;
    for (const TensorChoices& tensor : tensors)
        least += std::ranges::min_element(tensor.choices, {}, &FormatChoice::costBits)->costBits;
    throw std::invalid_argument("--target-bits " + std::to_string(asked) +
                                " is out of reach: the choices take " +
                                std::to_string(static_cast<double>(least) / static_cast<double>(elements)) +
                                " bits at least, scales included");
}

[[noreturn]] void refuseSqnr(const std::vector<TensorChoices>& tensors, double energy, double asked) {
    double least = 0;
    for (const TensorChoices& tensor : tensors)
        least += std::ranges::min_element(tensor.choices, {}, &FormatChoice::squared)->squared;
    throw std::invalid_argument("--target-sqnr " + std::to_string(asked) +
                                " is out of reach: the choices give " +
                                std::to_string(decibels(energy, least)) + " dB at most");
}

BitAllocation allocate(const Recommendation& all, const RecommendOptions& options) {
    const auto table = allocationOptions(all.tensors);
    if (options.targetBits) {
        try {
            const double budget = *options.targetBits * static_cast<double>(all.elements);
            return leastError(table, static_cast<uint64_t>(std::max(budget, 0.0)));
        } catch (const std::invalid_argument&) {
            refuseBits(all.tensors, all.elements, *options.targetBits);
        }
    }
    try {
        return leastCost(table, all.energy * std::pow(10.0, -options.targetSqnr.value() / 10));
    } catch (const std::invalid_argument&) {
        refuseSqnr(all.tensors, all.energy, *options.targetSqnr);
    }
}

}  // namespace

uint64_t storedBits(const MethodResult& result, uint64_t elements) {
    const NumberFormat& format = result.format;
    const uint64_t codes = elements * format.bits;
    if (format.fixedScale()) return codes;
    const uint64_t scaleBits = format.isBlockScaled() ? 8 : 32,
                   zeroPointBits = format.isAffine ? format.bits : 0;
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
