// Reads the few facts of a SPIR-V module that the host needs. Source: SPIR-V specification 1.6, sections 2.3
// (physical layout) and 3 (opcodes and decorations).
#include "engine/spirv.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace engine {

namespace {

enum Op : uint32_t {
    ExecutionMode = 16,
    TypeInt = 21,
    TypeFloat = 22,
    TypeVector = 23,
    TypeArray = 28,
    TypeStruct = 30,
    TypePointer = 32,
    TypeForwardPointer = 39,
    Constant = 43,
    SpecConstant = 50,
    Variable = 59,
    Decorate = 71,
    MemberDecorate = 72,
    ExecutionModeId = 331,
};
constexpr uint32_t storagePushConstant = 9, decorationSpecId = 1, decorationArrayStride = 6,
                   decorationOffset = 35;
constexpr uint32_t modeLocalSize = 17, modeLocalSizeId = 38;

using Operands = std::span<const uint32_t>;

class Reader {
public:
    explicit Reader(const std::vector<std::pair<uint32_t, uint32_t>>& constants) : m_constants(constants) {}

    void visit(uint32_t op, Operands o) {
        switch (op) {
            case TypeInt:
            case TypeFloat:
                m_sizes[o[0]] = o[1] / 8;
                break;
            case TypeVector:
                m_sizes[o[0]] = o[2] * m_sizes[o[1]];
                break;
            case TypeArray:
                m_sizes[o[0]] = m_arrayStrides[o[0]] * m_values[o[2]];
                break;
            case TypeStruct:
                addStruct(o);
                break;
            case TypePointer:
                m_sizes[o[0]] = 8;  // a physical address when it is a member
                m_pointees[o[0]] = o[2];
                break;
            case TypeForwardPointer:
                m_sizes[o[0]] = 8;
                break;
            case Constant:
                m_values[o[1]] = o[2];
                break;
            case SpecConstant:
                m_values[o[1]] = specialized(o[1], o[2]);
                break;
            case Variable:
                if (o[2] == storagePushConstant) m_pushStruct = m_pointees[o[0]];
                break;
            case Decorate:
                decorate(o);
                break;
            case MemberDecorate:
                if (o[2] == decorationOffset) m_offsets[o[0]][o[1]] = o[3];
                break;
            case ExecutionMode:
                if (o[1] == modeLocalSize) m_workgroupSize = o[2];
                break;
            case ExecutionModeId:
                if (o[1] == modeLocalSizeId) m_workgroupSizeId = o[2];
                break;
            default:
                break;
        }
    }

    SpirvSummary summary() {
        SpirvSummary result;
        if (m_pushStruct) {
            result.pushSizeBytes = m_sizes[m_pushStruct];
            // A block that only wraps the struct shared with C++ stands for that struct.
            const auto wrapped = m_firstMembers[m_pushStruct];
            const bool isWrapper = m_offsets[m_pushStruct].size() == 1 && m_offsets.contains(wrapped);
            for (const auto& [member, offset] : m_offsets[isWrapper ? wrapped : m_pushStruct])
                result.pushMemberOffsets.push_back(offset);
        }
        result.workgroupSize = m_workgroupSizeId ? m_values[m_workgroupSizeId] : m_workgroupSize;
        return result;
    }

private:
    void addStruct(Operands o) {
        uint32_t end = 0;
        for (const auto& [member, offset] : m_offsets[o[0]]) {
            if (member + 1 < o.size()) end = std::max(end, offset + m_sizes[o[1 + member]]);
        }
        m_sizes[o[0]] = end;
        if (o.size() > 1) m_firstMembers[o[0]] = o[1];
    }

    void decorate(Operands o) {
        if (o[1] == decorationSpecId) m_specIds[o[0]] = o[2];
        if (o[1] == decorationArrayStride) m_arrayStrides[o[0]] = o[2];
    }

    uint32_t specialized(uint32_t id, uint32_t value) const {
        const auto specId = m_specIds.find(id);
        if (specId == m_specIds.end()) return value;
        const auto given =
            std::ranges::find(m_constants, specId->second, &std::pair<uint32_t, uint32_t>::first);
        return given == m_constants.end() ? value : given->second;
    }

    const std::vector<std::pair<uint32_t, uint32_t>>& m_constants;
    std::map<uint32_t, uint32_t> m_sizes, m_pointees, m_firstMembers, m_values, m_specIds, m_arrayStrides;
    std::map<uint32_t, std::map<uint32_t, uint32_t>> m_offsets;
    uint32_t m_pushStruct = 0, m_workgroupSize = 1, m_workgroupSizeId = 0;
};

}  // namespace

SpirvSummary summarizeSpirv(std::span<const uint32_t> words,
                            const std::vector<std::pair<uint32_t, uint32_t>>& constants) {
    constexpr uint32_t magic = 0x07230203, headerWords = 5;
    if (words.size() < headerWords || words[0] != magic) throw std::runtime_error("not a SPIR-V module");
    Reader reader(constants);
    for (size_t i = headerWords; i < words.size();) {
        const uint32_t count = words[i] >> 16;
        if (count == 0 || i + count > words.size()) throw std::runtime_error("a SPIR-V module is cut short");
        reader.visit(words[i] & 0xffff, words.subspan(i + 1, count - 1));
        i += count;
    }
    return reader.summary();
}

}  // namespace engine
