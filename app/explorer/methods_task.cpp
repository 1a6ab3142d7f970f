#include "app/explorer/methods_task.h"

#include <algorithm>
#include <stdexcept>

namespace app {

MethodsTask::MethodsTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : Task(device), m_analyzer(device, memoryBytes, path) {}

void MethodsTask::want(const MethodsQuestion& question, const quant::Profile& profile) {
    if (m_question == question) return;
    forget();
    m_question = question;
    m_profile = profile;
    start([this] { compute(); });
}

void MethodsTask::forget() {
    stop();
    m_question.reset();
    m_results.clear();
}

const quant::MethodResult* MethodsTask::find(std::string_view method) const {
    const auto found = std::ranges::find_if(
        m_results, [&](const quant::MethodResult& result) { return result.method.name() == method; });
    return found == m_results.end() ? nullptr : &*found;
}

void MethodsTask::compute() {
    std::vector<quant::Method> methods = {quant::Method()};
    for (const std::string& name : m_question->methods) {
        if (name != methods.front().name()) methods.push_back(quant::methodFrom(name));
    }
    m_analyzer.stream().select(*m_question->place.file, m_question->place.tensor);
    for (const quant::Method& method : methods) {
        quant::AnalysisOptions options;
        options.formats = {m_question->format};
        options.methods = {method};
        try {
            checkMethod(method, m_question->format);
        } catch (const std::invalid_argument&) {
            continue;  // means nothing on this format
        }
        const auto analysis =
            m_analyzer.analyze(*m_question->place.file, m_question->place.tensor, options, *m_profile);
        m_results.insert(m_results.end(), analysis.results.begin(), analysis.results.end());
    }
}

}  // namespace app
