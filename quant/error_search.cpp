#include "quant/error_search.h"

#include "quant/clip_estimate.h"
#include "quant/profile_error.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

// Levels may fall better among the elements with the last of them beyond all: clips go that far above the
// largest, and so many octaves below it.
constexpr double octavesAbove = 1, octavesBelow = 12;
// So few do not follow the smooth densities of the estimate, and cost next to nothing to measure.
constexpr uint64_t fewElements = 1 << 16;

// One step of a search: tries `points` clips (affine: for either end) around each of the best so far.
struct Round {
    size_t starts;
    int points;
};

// The error of few elements has many local minima, which lie the closer together the finer the levels are.
struct Plan {
    int coarsePoints;  // affine: for either end
    std::vector<Round> rounds;
};
const Plan& planFor(bool isAffine, bool isFew) {
    static const Plan few{128, {{8, 33}, {8, 17}, {4, 17}}}, many{128, {{1, 17}, {1, 17}, {1, 17}}},
        fewRanges{24, {{8, 7}, {8, 7}, {4, 5}, {2, 5}, {1, 5}}},
        manyRanges{13, {{1, 5}, {1, 5}, {1, 5}, {1, 5}, {1, 5}}};
    if (isAffine) return isFew ? fewRanges : manyRanges;
    return isFew ? few : many;
}

struct Tried {
    Clip clip;
    double error;
};

double octavesBetween(float a, float b) {
    if (a == b) return 0;
    return a != 0 && b != 0 ? std::abs(std::log2(std::abs(double{a} / double{b}))) : HUGE_VAL;
}

// The state of one question.
struct Search {
    NumberFormat format;
    bool isModelled = false;
    Clip largest;
    std::vector<Round> rounds;  // that are left
    double spacing = 0;         // of the last round's clips, in octaves
    std::vector<Clip> next;     // to be measured
    std::vector<Tried> tried;

    // The best so far, none within the spacing of a better one.
    std::vector<Clip> starts(size_t most) {
        std::ranges::stable_sort(tried, {}, &Tried::error);
        std::vector<Clip> chosen;
        for (size_t i = 0; i < tried.size() && chosen.size() < most; ++i) {
            const Clip& clip = tried[i].clip;
            if (std::ranges::none_of(chosen, [&](const Clip& other) {
                    return std::max(octavesBetween(clip.high, other.high),
                                    octavesBetween(clip.low, other.low)) <= spacing;
                }))
                chosen.push_back(clip);
        }
        return chosen;
    }
};

// An end moved by octaves, but not further beyond the largest than makes sense. None where there is none.
float moved(float end, double octavesUp, float largest) {
    const double most = std::min(std::abs(double{largest}) * std::exp2(octavesAbove), 0x1.fffffep127);
    return static_cast<float>(
        std::copysign(std::min(std::abs(double{end}) * std::exp2(octavesUp), most), double{end}));
}

// Evenly spaced octaves for an end; only the end itself where it lies at zero.
std::vector<float> ends(float end, float largest, double from, double to, int points) {
    std::vector<float> result;
    if (end == 0) points = 1;
    for (int i = 0; i < points; ++i)
        result.push_back(moved(end, points > 1 ? from + (to - from) * i / (points - 1) : 0.0, largest));
    return result;
}

void addAround(Search& search, const Clip& centre, double down, double up, int points) {
    const auto highs = ends(centre.high, search.largest.high, down, up, points);
    const auto lows = search.format.isAffine ? ends(centre.low, search.largest.low, down, up, points)
                                             : std::vector<float>{0.0f};
    for (const float high : highs) {
        for (const float low : lows) search.next.push_back({high, low});
    }
}

// Within the spacing so far; returns the new one.
double addFinely(Search& search, const Clip& centre, int points) {
    addAround(search, centre, -search.spacing, search.spacing, points);
    return search.spacing * 2 / (points - 1);
}

void addRound(Search& search) {
    search.next.clear();
    if (search.rounds.empty()) return;
    const auto [most, points] = search.rounds.front();
    search.rounds.erase(search.rounds.begin());
    double spacing = 0;
    for (const Clip& start : search.starts(most)) spacing = addFinely(search, start, points);
    search.spacing = spacing;
}

// Every power of two, instead of a search.
void addPowersOfTwo(Search& search) {
    float clip = powerOfTwoClips(search.format, search.largest.high).above;
    for (int i = 0; i <= static_cast<int>(octavesBelow); ++i, clip /= 2) search.next.push_back({clip});
    search.rounds.clear();
}

Search started(const ErrorQuestion& question, const Profile& profile, const ProfileError& estimates) {
    const NumberFormat& format = question.format;
    const bool isFew = profile.finite() < fewElements;
    const Plan& plan = planFor(format.isAffine, isFew);
    Search search{.format = format, .isModelled = question.isModelled, .rounds = plan.rounds};
    search.largest = largestClip(profile, format);
    if (search.largest == Clip()) return search;
    if (format.scaleRule == ScaleRule::PowerOfTwo) {
        addPowersOfTwo(search);
        return search;
    }
    const Clip estimate = leastErrorClip(profile, estimates, format);
    search.next = {estimate, search.largest};
    if (format.isAffine) search.next.push_back(twoSidedOctavClip(estimates, format));
    search.spacing = (octavesBelow + octavesAbove) / (plan.coarsePoints - 1);
    if (question.isThorough || isFew)
        addAround(search, search.largest, -octavesBelow, octavesAbove, plan.coarsePoints);
    else
        search.spacing = addFinely(search, estimate, plan.rounds.front().points);
    return search;
}

}  // namespace

std::vector<Clip> clipsOfLeastError(const ErrorMeter& meter, const Profile& profile,
                                    std::span<const ErrorQuestion> questions) {
    const ProfileError estimates(profile);
    std::vector<Search> searches;
    for (const auto& question : questions) searches.push_back(started(question, profile, estimates));
    const auto isOpen = [](const Search& search) { return !search.next.empty(); };
    while (std::ranges::any_of(searches, isOpen)) {
        std::vector<TriedGrid> grids;
        for (const Search& search : searches) {
            for (const Clip& clip : search.next) grids.push_back({clip.on(search.format), search.isModelled});
        }
        const auto measured = meter(grids);
        size_t place = 0;
        for (Search& search : searches) {
            for (const Clip& clip : search.next) search.tried.push_back({clip, measured[place++]});
            addRound(search);
        }
    }
    std::vector<Clip> clips;
    for (Search& search : searches) clips.push_back(search.tried.empty() ? Clip() : search.starts(1).front());
    return clips;
}

}  // namespace quant
