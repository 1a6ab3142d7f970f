#include "quant/error_search.h"

#include "quant/clip_estimate.h"
#include "quant/profile_error.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

constexpr int coarsePoints = 128, finePoints = 17, endPoints = 5;
constexpr int fineRounds = 3;
constexpr double octaves = 12;
// So few do not follow the smooth densities of the estimate, and cost next to nothing to measure.
constexpr uint64_t fewElements = 1 << 16;

// The state of one question.
struct Search {
    NumberFormat format;
    bool isModelled;
    Clip range;  // the largest clips that make sense
    std::vector<Clip> tried;
    Clip best;
    double least = HUGE_VAL;
    double spacing;  // of the candidates around the best, in octaves to either side

    void take(const Clip& clip, double error) {
        if (error < least) least = error, best = clip;
    }
};

// A clip moved by octaves, but not beyond the largest.
float moved(float clip, double octavesUp, float largest) {
    const double to = std::abs(double{clip}) * std::exp2(octavesUp);
    const double limited = std::min(to, std::max(std::abs(double{largest}), std::abs(double{clip})));
    return static_cast<float>(clip < 0 ? -limited : limited);
}

void addLogarithmic(std::vector<Clip>& tried, float highest) {
    for (int i = 0; i < coarsePoints; ++i) {
        const double down = octaves * (coarsePoints - 1 - i) / (coarsePoints - 1);
        tried.push_back({static_cast<float>(highest * std::exp2(-down))});
    }
    tried.back().high = highest;
}

// Candidates around the best; of affine formats both ends move.
void addAround(Search& search) {
    const auto place = [](int i, int points) { return 2.0 * i / (points - 1) - 1; };
    const Clip centre = search.best;
    if (!search.format.isAffine) {
        for (int i = 0; i < finePoints; ++i) {
            search.tried.push_back(
                {moved(centre.high, search.spacing * place(i, finePoints), search.range.high)});
        }
        search.spacing *= 2.0 / (finePoints - 1);
        return;
    }
    for (int i = 0; i < endPoints; ++i) {
        for (int j = 0; j < endPoints; ++j) {
            search.tried.push_back(
                {moved(centre.high, search.spacing * place(i, endPoints), search.range.high),
                 moved(centre.low, search.spacing * place(j, endPoints), search.range.low)});
        }
    }
    search.spacing /= endPoints - 1;
}

Search started(const ErrorQuestion& question, const Profile& profile, const ProfileError& estimates,
               std::span<const Clip> known) {
    const NumberFormat& format = question.format;
    Search search{
        .format = format, .isModelled = question.isModelled, .spacing = octaves / (coarsePoints - 1)};
    search.range = largestClip(profile, format);
    if (search.range == Clip()) return search;
    // Not measured yet: the first to be tried.
    search.best = leastErrorClip(profile, estimates, format);
    search.range.high = std::max(search.range.high, search.best.high);
    search.tried = {search.best, search.range};
    if (format.isAffine) {
        search.spacing = 0.25;
        search.tried.push_back(twoSidedOctavClip(estimates, format));
    } else if (question.isThorough) {
        addLogarithmic(search.tried, search.range.high);
        for (const Clip& clip : known) {
            if (clip.high > 0) search.tried.push_back({clip.high});
        }
    } else if (profile.finite() < fewElements) {
        addLogarithmic(search.tried, search.range.high);
    } else {
        addAround(search);
    }
    return search;
}

}  // namespace

std::vector<Clip> clipsOfLeastError(const ErrorMeter& meter, const Profile& profile,
                                    std::span<const ErrorQuestion> questions, std::span<const Clip> known) {
    const ProfileError estimates(profile);
    std::vector<Search> searches;
    for (const auto& question : questions) searches.push_back(started(question, profile, estimates, known));
    for (int round = 0; round <= fineRounds; ++round) {
        std::vector<TriedGrid> candidates;
        for (const Search& search : searches) {
            for (const Clip& clip : search.tried)
                candidates.push_back({clip.on(search.format), search.isModelled});
        }
        const auto measured = meter(candidates);
        size_t next = 0;
        for (Search& search : searches) {
            for (const Clip& clip : search.tried) search.take(clip, measured[next++]);
            if (search.tried.empty()) continue;
            search.tried.clear();
            addAround(search);
        }
    }
    std::vector<Clip> clips;
    for (const Search& search : searches) clips.push_back(search.best);
    return clips;
}

}  // namespace quant
