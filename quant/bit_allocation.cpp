// Mixed-precision bit allocation as a multiple-choice knapsack: one option for each tensor, least objective,
// a limit on a resource. Source: H. Kellerer, U. Pferschy, D. Pisinger, "Knapsack Problems", Springer 2004,
// chapter 11. The greedy solution of the linear relaxation over the convex hulls of the options gives a price
// λ of the resource, a lower bound and a first allocation. With m the least of objective + λ·resource among a
// tensor's options, an option's regret is what it has above m: the objective of every allocation is at least
// the bound plus its regrets. Options, and sums of options over the first tensors, whose regret exceeds the
// gap to the best allocation known are left out; of the sums that remain only those not dominated are kept.
#include "quant/bit_allocation.h"

#include <algorithm>
#include <cmath>
#include <format>
#include <numeric>
#include <stdexcept>
#include <tuple>

namespace quant {

namespace {

constexpr double equality = 1e-12;        // of the objective
constexpr double exactIntegers = 0x1p53;  // a double holds costs exactly below

struct Option {
    double resource = 0, objective = 0;
    size_t index = 0;  // among the tensor's options as given
    double regret = 0;
};
using Options = std::vector<Option>;

struct Problem {
    std::vector<Options> tensors;  // resource rising, objective falling
    double limit = 0;
};

// A choice of an option of each tensor's Options.
using Choices = std::vector<size_t>;

struct Solution {
    Choices choices;
    double objective = 0, bound = 0;
    bool isOptimal = true;
};

// Without the options that another one beats or equals in both.
Options withoutDominated(Options options) {
    std::ranges::sort(options, [](const Option& a, const Option& b) {
        return std::tie(a.resource, a.objective, a.index) < std::tie(b.resource, b.objective, b.index);
    });
    Options kept;
    for (const Option& option : options) {
        if (kept.empty() || option.objective < kept.back().objective) kept.push_back(option);
    }
    return kept;
}

// A step from one corner of a tensor's lower convex hull to the next.
struct Step {
    size_t tensor, to;
    double gain, resource;  // both above 0
    double slope() const { return gain / resource; }
};

std::vector<Step> hullSteps(const Options& options, size_t tensor) {
    std::vector<size_t> hull;
    const auto step = [&](size_t from, size_t to) {
        return Step{tensor, to, options[from].objective - options[to].objective,
                    options[to].resource - options[from].resource};
    };
    for (size_t i = 0; i < options.size(); ++i) {
        while (hull.size() > 1 &&
               step(hull[hull.size() - 2], hull.back()).slope() <= step(hull.back(), i).slope())
            hull.pop_back();
        hull.push_back(i);
    }
    std::vector<Step> steps;
    for (size_t i = 1; i < hull.size(); ++i) steps.push_back(step(hull[i - 1], hull[i]));
    return steps;
}

double sumOf(const Problem& problem, const Choices& choices, double Option::* part) {
    double sum = 0;
    for (size_t t = 0; t < choices.size(); ++t) sum += problem.tensors[t][choices[t]].*part;
    return sum;
}

// Spends what is left of the limit, tensor by tensor, each time on the largest gain that fits.
void fill(const Problem& problem, Choices& choices, double left) {
    constexpr int rounds = 4;
    for (int round = 0; round < rounds; ++round) {
        for (size_t t = 0; t < choices.size(); ++t) {
            const Options& options = problem.tensors[t];
            size_t best = choices[t];
            while (best + 1 < options.size() &&
                   options[best + 1].resource - options[choices[t]].resource <= left)
                ++best;
            left -= options[best].resource - options[choices[t]].resource;
            choices[t] = best;
        }
    }
}

// The linear relaxation's solution, rounded down and filled up.
struct Relaxation {
    Choices choices;
    double price = 0;  // λ; 0: the best of every option fits
};

Relaxation relax(const Problem& problem) {
    Relaxation result{Choices(problem.tensors.size()), 0};
    std::vector<Step> steps;
    for (size_t t = 0; t < problem.tensors.size(); ++t)
        std::ranges::copy(hullSteps(problem.tensors[t], t), std::back_inserter(steps));
    std::ranges::stable_sort(steps, [](const Step& a, const Step& b) { return a.slope() > b.slope(); });
    double left = problem.limit - sumOf(problem, result.choices, &Option::resource);
    for (const Step& step : steps) {
        if (step.resource > left) {
            result.price = step.slope();
            break;
        }
        left -= step.resource;
        result.choices[step.tensor] = step.to;
    }
    if (result.price > 0) fill(problem, result.choices, left);
    return result;
}

// A sum of one option for each of the tensors so far.
struct State {
    double resource = 0, objective = 0, regret = 0;
    uint32_t parent = 0, option = 0;
};

// Extends sums tensor by tensor, those first whose second-best option costs most regret: few sums are then
// alive for long.
class Search {
public:
    Search(Problem problem, const Relaxation& relaxation, size_t maxStates)
        : m_problem(std::move(problem)), m_price(relaxation.price), m_maxStates(maxStates) {
        m_best.choices = relaxation.choices;
        m_best.objective = sumOf(m_problem, m_best.choices, &Option::objective);
        priceOptions();
    }

    Solution run() {
        m_best.bound = std::min(m_bound, m_best.objective);
        if (gap() <= tolerance()) return proven();
        // A better allocation leaves less to search: what was given up may fit the next time.
        for (double before = HUGE_VAL; m_best.objective < before;) {
            before = m_best.objective;
            m_dropped = HUGE_VAL;
            leaveOut();
            walk();
            if (m_dropped > m_best.objective - tolerance()) return proven();
            m_best.bound = std::max(m_best.bound, m_dropped);
        }
        m_best.isOptimal = false;
        return m_best;
    }

private:
    double gap() const { return m_best.objective - m_bound; }
    double tolerance() const { return equality * std::abs(m_best.objective); }

    Solution& proven() {
        m_best.bound = m_best.objective;
        m_best.isOptimal = true;
        return m_best;
    }

    // Regrets and the bound Σ min(objective + λ·resource) - λ·limit.
    void priceOptions() {
        m_bound = -m_price * m_problem.limit;
        for (Options& options : m_problem.tensors) {
            double least = HUGE_VAL;
            for (const Option& option : options)
                least = std::min(least, option.objective + m_price * option.resource);
            for (Option& option : options)
                option.regret = option.objective + m_price * option.resource - least;
            m_bound += least;
        }
    }

    // Keeps the options that an allocation better than the best known may have.
    void leaveOut() {
        const double most = gap() + tolerance();
        m_kept.clear();
        m_order.clear();
        m_layers.clear();
        for (size_t t = 0; t < m_problem.tensors.size(); ++t) {
            Options kept;
            for (const Option& option : m_problem.tensors[t]) {
                if (option.regret <= most) kept.push_back(option);
            }
            m_kept.push_back(std::move(kept));
            m_order.push_back(t);
        }
        const auto secondRegret = [&](size_t t) {
            double first = HUGE_VAL, second = HUGE_VAL;
            for (const Option& option : m_kept[t]) {
                second = std::min(second, std::max(first, option.regret));
                first = std::min(first, option.regret);
            }
            return second;
        };
        std::ranges::stable_sort(m_order, std::greater(), secondRegret);
    }

    void walk() {
        const size_t tensors = m_order.size();
        std::vector<double> leastAfter(tensors + 1);  // resource that the tensors from here on take at least
        size_t open = 0;
        for (size_t i = tensors; i-- > 0;) {
            leastAfter[i] = leastAfter[i + 1] + m_kept[m_order[i]].front().resource;
            open += m_kept[m_order[i]].size() > 1 ? 1 : 0;
        }
        const size_t perTensor = std::max<size_t>(m_maxStates / std::max<size_t>(open, 1), 1);
        std::vector<State> states = {State()};
        for (size_t i = 0; i < tensors && !states.empty(); ++i) {
            states = extended(states, m_kept[m_order[i]], m_problem.limit - leastAfter[i + 1]);
            drop(states, perTensor);
            m_layers.push_back(states);
        }
        // States are in order of falling objective: the last is the best.
        if (!states.empty() && states.back().objective < m_best.objective) trace(states.size() - 1);
    }

    std::vector<State> extended(const std::vector<State>& states, const Options& options,
                                double limit) const {
        const double most = gap() + tolerance();
        std::vector<State> all;
        for (uint32_t s = 0; s < states.size(); ++s) {
            for (const Option& option : options) {
                const State next{states[s].resource + option.resource, states[s].objective + option.objective,
                                 states[s].regret + option.regret, s,
                                 static_cast<uint32_t>(&option - options.data())};
                if (next.resource <= limit && next.regret <= most) all.push_back(next);
            }
        }
        std::ranges::sort(all, [](const State& a, const State& b) {
            return std::tie(a.resource, a.objective, a.parent, a.option) <
                   std::tie(b.resource, b.objective, b.parent, b.option);
        });
        std::vector<State> kept;
        for (const State& state : all) {
            if (kept.empty() || state.objective < kept.back().objective) kept.push_back(state);
        }
        return kept;
    }

    // At most `most` states, those of least regret; what is dropped limits what is proven.
    void drop(std::vector<State>& states, size_t most) {
        if (states.size() <= most) return;
        const auto byRegret = [](const State& a, const State& b) {
            return std::tie(a.regret, a.resource) < std::tie(b.regret, b.resource);
        };
        std::ranges::nth_element(states, states.begin() + static_cast<ptrdiff_t>(most), byRegret);
        m_dropped = std::min(m_dropped, m_bound + std::max(states[most].regret, 0.0));
        states.resize(most);
        std::ranges::sort(states, {}, &State::resource);
    }

    void trace(size_t state) {
        for (size_t i = m_layers.size(); i-- > 0;) {
            const State& reached = m_layers[i][state];
            const size_t index = m_kept[m_order[i]][reached.option].index;
            const Options& options = m_problem.tensors[m_order[i]];
            m_best.choices[m_order[i]] =
                static_cast<size_t>(std::ranges::find(options, index, &Option::index) - options.begin());
            state = reached.parent;
        }
        m_best.objective = sumOf(m_problem, m_best.choices, &Option::objective);
    }

    Problem m_problem;
    double m_price, m_bound = 0;
    size_t m_maxStates;
    Solution m_best;
    double m_dropped = HUGE_VAL;  // no allocation that was given up is better than this
    std::vector<Options> m_kept;
    std::vector<size_t> m_order;
    std::vector<std::vector<State>> m_layers;
};

Solution solve(Problem problem, size_t maxStates) {
    const Relaxation relaxation = relax(problem);
    if (relaxation.price > 0) return Search(std::move(problem), relaxation, maxStates).run();
    Solution best{relaxation.choices, sumOf(problem, relaxation.choices, &Option::objective), 0, true};
    best.bound = best.objective;
    return best;
}

void check(std::span<const std::vector<BitOption>> tensors) {
    double most = 0;
    for (size_t t = 0; t < tensors.size(); ++t) {
        if (tensors[t].empty()) throw std::invalid_argument(std::format("tensor {} has no option", t));
        double largest = 0;
        for (const BitOption& option : tensors[t]) {
            if (!(option.squaredError >= 0 && std::isfinite(option.squaredError)))
                throw std::invalid_argument(
                    std::format("an error of tensor {} is {}", t, option.squaredError));
            largest = std::max(largest, static_cast<double>(option.costBits));
        }
        most += largest;
    }
    if (most >= exactIntegers) throw std::invalid_argument("the costs add up to 2^53 bits or more");
}

Problem problemOf(std::span<const std::vector<BitOption>> tensors, double limit, bool limitsCost) {
    Problem problem{{}, limit};
    for (const auto& tensor : tensors) {
        Options options;
        for (size_t i = 0; i < tensor.size(); ++i) {
            const auto cost = static_cast<double>(tensor[i].costBits);
            options.push_back(limitsCost ? Option{cost, tensor[i].squaredError, i}
                                         : Option{tensor[i].squaredError, cost, i});
        }
        problem.tensors.push_back(withoutDominated(std::move(options)));
    }
    return problem;
}

BitAllocation allocated(std::span<const std::vector<BitOption>> tensors, const Problem& problem,
                        const Solution& solution) {
    BitAllocation result{.bound = solution.bound, .isOptimal = solution.isOptimal};
    for (size_t t = 0; t < tensors.size(); ++t) {
        const size_t choice = problem.tensors[t][solution.choices[t]].index;
        result.choices.push_back(choice);
        result.costBits += tensors[t][choice].costBits;
        result.squaredError += tensors[t][choice].squaredError;
    }
    return result;
}

double leastResource(const Problem& problem) {
    return sumOf(problem, Choices(problem.tensors.size()), &Option::resource);
}

}  // namespace

BitAllocation leastError(std::span<const std::vector<BitOption>> tensors, uint64_t budgetBits,
                         size_t maxStates) {
    check(tensors);
    // All costs fit below 2^53, so nothing is lost by a budget that is cut to it.
    const double limit = std::min(static_cast<double>(budgetBits), exactIntegers);
    const Problem problem = problemOf(tensors, limit, true);
    if (leastResource(problem) > limit) {
        throw UnreachableLimit(std::format("a budget of {} bits is too small; the least possible is {}",
                                           budgetBits, static_cast<uint64_t>(leastResource(problem))));
    }
    return allocated(tensors, problem, solve(problem, maxStates));
}

BitAllocation leastCost(std::span<const std::vector<BitOption>> tensors, double errorLimit,
                        size_t maxStates) {
    check(tensors);
    const Problem problem = problemOf(tensors, errorLimit, false);
    if (!(leastResource(problem) <= errorLimit)) {
        throw UnreachableLimit(std::format("an error of {} is too small; the least possible is {}",
                                           errorLimit, leastResource(problem)));
    }
    Solution solution = solve(problem, maxStates);
    // Costs are whole.
    if (!solution.isOptimal) solution.bound = std::ceil(solution.bound * (1 - equality));
    return allocated(tensors, problem, solution);
}

}  // namespace quant
