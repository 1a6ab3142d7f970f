#include "app/explorer/workspace.h"

#include <algorithm>
#include <utility>

namespace app {

namespace {

bool hasSingleClip(const quant::NumberFormat& format) {
    return !format.isAffine && !format.isBlockScaled() && !format.fixedScale();
}

}  // namespace

// Each task has a stream of its own, so that one may pause in the middle of a tensor while another runs.
Workspace::Workspace(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : m_device(device),
      m_curves(device, memoryBytes / 4, path),
      m_reference(device, memoryBytes / 8, path),
      m_methods(device, memoryBytes / 4, path),
      m_readout(device, memoryBytes / 4, path),
      m_table(device, memoryBytes / 8, path),
      m_channels(device, memoryBytes / 4, path),
      m_values(device, memoryBytes / 8),
      m_comparison(device, memoryBytes / 4, path),
      m_referenceComparison(device, memoryBytes / 8, path),
      m_deviceTask(device, memoryBytes, path),
      m_tasks{&m_deviceTask, &m_comparison, &m_referenceComparison, &m_readout, &m_values, &m_channels,
              &m_curves,     &m_methods,    &m_reference,           &m_table} {}

void Workspace::open(OpenedFiles files) {
    startAgain();
    m_inputs = std::move(files.inputs);
    m_raw = std::move(files.raw);
    m_places = std::move(files.places);
    m_rows = TensorRows(std::move(files.rows));
    m_shown.reset();
}

void Workspace::startAgain() {
    for (Task* task : m_tasks) task->stop();
    m_deviceTask.rest();
    forgetShown();
    m_reference.forget();
    m_table.forget();
    m_comparison.forget();
    m_referenceComparison.forget();
}

std::optional<TensorPlace> Workspace::find(const std::string& name) const {
    const auto row = m_rows.find(name.empty() ? nameOfFirst() : name);
    if (!row || !m_rows.rows()[*row].problem.empty()) return std::nullopt;
    return m_places[*row];
}

std::string Workspace::nameOfFirst() const {
    const auto& rows = m_rows.rows();
    const auto first = std::ranges::find_if(rows, [](const TensorRow& row) { return row.problem.empty(); });
    return first == rows.end() ? "" : first->name;
}

std::string Workspace::problemOf(const std::string& name) const {
    if (m_places.empty()) return "no file is open";
    if (find(name)) return "";
    if (name.empty()) return "no tensor can be analyzed";
    const auto row = m_rows.find(name);
    if (row) return "'" + name + "': " + m_rows.rows()[*row].problem;
    return "no tensor is named '" + name + "'";
}

void Workspace::want(const Session& session) {
    const auto before = std::exchange(m_shown, find(session.tensor));
    if (before != m_shown) forgetShown();
    wantClip(session);
    wantChannels(session);
    wantValues(session);
    wantComparison(session);
    session.view == View::Device ? m_deviceTask.want() : m_deviceTask.rest();
    if (!m_places.empty() && session.isTableShown)
        m_table.want({session.chosenBits, session.format, session.sign}, m_rows, m_places);
}

// What is known of the tensor shown before is not to be taken for the next one's.
void Workspace::forgetShown() {
    m_curves.forget();
    m_methods.forget();
    m_readout.forget();
    m_channels.forget();
    m_values.forget();
}

void Workspace::wantClip(const Session& session) {
    if (m_shown) {
        CurvesQuestion question{*m_shown, session.bits, session.format, session.sign,
                                m_curves.closeUpFor(session.clips.bounds)};
        if (!session.format && !std::ranges::contains(session.bits, session.chosenBits)) {
            question.bits.push_back(session.chosenBits);
            std::ranges::sort(question.bits);
        }
        m_curves.want(question);
        const CurvesAnswer& answer = m_curves.answer();
        const auto format = chosenFormat(session);
        if (answer.isWhole && format) {
            m_methods.want({*m_shown, *format, session.methods}, *answer.profile);
            if (const auto clipped = grid(session))
                m_readout.want({*m_shown, *clipped, answer.profile->absmax(), answer.profile->finite()});
        }
    }
    const auto reference = session.reference ? find(*session.reference) : std::nullopt;
    if (reference && m_shown)
        m_reference.want({*reference, m_curves.question().bits, session.format, session.sign});
    else
        m_reference.forget();
}

// What is whole stays until another tensor is shown; what is not would only be in the way of other views.
void Workspace::wantChannels(const Session& session) {
    const bool isOther = !m_shown || (m_channels.question() && !(m_channels.question()->place == *m_shown));
    const bool isHidden = session.view != View::Channels;
    if (isOther || (isHidden && !m_channels.isDone())) m_channels.forget();
    if (!m_shown || isHidden) return;
    const CurvesAnswer& answer = m_curves.answer();
    const auto format = chosenFormat(session);
    if (!answer.isWhole || !format || answer.profile->absmax() == 0) return;
    if (channelsProblem(m_shown->info(), session.channels.axis, *format).empty())
        m_channels.want({*m_shown, session.channels.axis, *format}, *answer.profile);
    else
        m_channels.forget();
}

// Without a clip the elements themselves are shown all the same, and nothing else.
void Workspace::wantValues(const Session& session) {
    if (!m_shown || m_shown->info().elements == 0) return m_values.forget();
    if (session.view != View::Values || !m_curves.answer().profile) return;
    const ValueImage image(m_shown->info(), session.values.slice);
    const ZoomRect whole{0, 0, static_cast<double>(image.columns()), static_cast<double>(image.rows())};
    const ImagePart part = image.partFor(session.values.zoom.value_or(whole));
    const auto clipped = grid(session);
    m_values.want({*m_shown, session.values.slice, part,
                   clipped.value_or(quant::ClippedGrid{quant::integerFormat(8, true)})});
}

void Workspace::wantComparison(const Session& session) {
    if (session.view != View::Compare || !m_shown) {
        m_comparison.rest();
        m_referenceComparison.rest();
        return;
    }
    CompareQuestion question{.place = *m_shown,
                             .bits = session.bits,
                             .formats = session.compare.formats,
                             .sign = session.sign,
                             .methods = session.methods,
                             .granularities = session.compare.granularities};
    if (!question.formats.empty()) question.bits.clear();
    m_comparison.want(question);
    const auto reference = session.reference ? find(*session.reference) : std::nullopt;
    if (!reference) return m_referenceComparison.forget();
    question.place = *reference;
    m_referenceComparison.want(question);
}

void Workspace::run(std::chrono::steady_clock::duration budget) {
    const auto end = std::chrono::steady_clock::now() + budget;
    for (Task* task : m_tasks) {
        const auto left = end - std::chrono::steady_clock::now();
        if (left <= left.zero()) return;
        task->run(left);
        if (!task->isDone()) return;
    }
}

void Workspace::runPauses(uint64_t pauses) {
    for (Task* task : m_tasks) {
        if (task->isDone()) continue;
        task->runPauses(pauses);
        return;
    }
}

bool Workspace::isIdle() const {
    return std::ranges::all_of(m_tasks, [](const Task* task) { return task->isDone(); });
}

std::optional<quant::NumberFormat> Workspace::chosenFormat(const Session& session) {
    const CurvesAnswer& answer = m_curves.answer();
    if (!answer.profile) return std::nullopt;
    if (session.format) return session.format;
    const bool isSigned = session.sign == quant::Sign::Auto ? answer.profile->hasNegative()
                                                            : session.sign == quant::Sign::Signed;
    return quant::integerFormat(session.chosenBits, isSigned);
}

std::optional<quant::ClippedGrid> Workspace::grid(const Session& session) {
    const auto format = chosenFormat(session);
    if (!format || format->isBlockScaled()) return std::nullopt;
    if (format->fixedScale()) return quant::ClippedGrid::at(*format, 0);
    if (session.clip && hasSingleClip(*format))
        return quant::ClippedGrid{*format, static_cast<float>(*session.clip)};
    if (const quant::MethodResult* octav = m_methods.find("octav"); octav && octav->clip.size() == 1) {
        if (octav->format == *format)
            return quant::ClippedGrid{*format, octav->clip[0], octav->low.empty() ? 0 : octav->low[0]};
    }
    for (const FormatCurve& curve : m_curves.answer().curves) {
        if (curve.format == *format) return quant::ClippedGrid{*format, static_cast<float>(curve.octav.clip)};
    }
    return std::nullopt;
}

}  // namespace app
