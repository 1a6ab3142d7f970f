#include "app/explorer/question_controls.h"

#include "app/explorer/controls.h"
#include "app/explorer/panel_context.h"
#include "app/explorer/session_edit.h"
#include "quant/analysis.h"
#include "quant/method.h"
#include "quant/number_format.h"

#include <imgui.h>

#include <algorithm>
#include <array>

namespace app {

namespace {

constexpr const char* signNames[] = {"auto", "signed", "unsigned"};

// A curve's switch, with a line in the curve's colour below it, and a frame where its bits are chosen.
void showChip(PanelContext& context, uint32_t bits) {
    Session& session = context.session();
    const bool isShown = std::ranges::contains(session.bits, bits);
    const std::string text = std::to_string(bits), name = "bar/bits/" + text;
    const std::string tip =
        text + " bits: click shows or hides the curve, Ctrl or the right button chooses it for the clip  (" +
        keysText(shortcutOf(Action::MoreBits)) + ", " + keysText(shortcutOf(Action::FewerBits)) + ")";
    if (textButton(name.c_str(), text.c_str(), tip, isShown)) {
        if (ImGui::GetIO().KeyCtrl)
            chooseBits(session, bits);
        else
            toggleCurve(session, bits);
    }
    if (ImGui::IsItemClicked(ImGuiMouseButton_Right)) chooseBits(session, bits);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Colour colour = bitsStyle(context.theme(), static_cast<int>(bits)).colour;
    const float inset = context.px(5);
    if (isShown)
        list.AddRectFilled({low.x + inset, high.y - context.px(3)}, {high.x - inset, high.y - context.px(1)},
                           colour);
    if (bits == session.chosenBits && !session.format)
        list.AddRect(low, high, context.theme().text, context.px(4), 0, context.px(1.5f));
}

std::vector<uint32_t> chips(const Session& session) {
    std::vector<uint32_t> bits{2, 3, 4, 5, 6, 8};
    for (const uint32_t shown : session.bits) {
        if (!std::ranges::contains(bits, shown)) bits.push_back(shown);
    }
    if (!std::ranges::contains(bits, session.chosenBits)) bits.push_back(session.chosenBits);
    std::ranges::sort(bits);
    return bits;
}

void showAllWidths(PanelContext& context) {
    if (!ImGui::BeginPopup("widths")) return;
    for (uint32_t bits = 1; bits <= 16; ++bits) {
        bool isShown = std::ranges::contains(context.session().bits, bits);
        const std::string text = std::to_string(bits) + (bits == 1 ? " bit" : " bits");
        if ((bits - 1) % 4 != 0) ImGui::SameLine(static_cast<float>((bits - 1) % 4) * context.px(90));
        if (ImGui::Checkbox(text.c_str(), &isShown)) toggleCurve(context.session(), bits);
        mark(("bar/widths/" + std::to_string(bits)).c_str(), "");
    }
    ImGui::EndPopup();
}

void showBits(PanelContext& context, ControlFlow& flow) {
    flow.place(ImGui::CalcTextSize("bits").x);
    ImGui::AlignTextToFramePadding();
    ImGui::TextDisabled("bits");
    for (const uint32_t bits : chips(context.session())) {
        flow.place(textButtonWidth(std::to_string(bits).c_str()), context.px(3));
        showChip(context, bits);
    }
    flow.place(textButtonWidth("..."), context.px(3));
    if (textButton("bar/widths", "...", "All bit widths, 1 to 16")) ImGui::OpenPopup("widths");
    showAllWidths(context);
}

void showFormat(PanelContext& context, ControlFlow& flow) {
    Session& session = context.session();
    const std::string shown = session.format ? session.format->name() : "integers";
    flow.place(context.px(118));
    ImGui::SetNextItemWidth(context.px(118));
    const bool isOpen = ImGui::BeginCombo("##format", shown.c_str(), ImGuiComboFlags_HeightLarge);
    mark("bar/format", isOpen ? "" : "The number format: integers of the chosen bits, or another instead");
    if (!isOpen) return;
    if (ImGui::Selectable("integers", !session.format)) session.format.reset();
    mark("bar/format/integers", "");
    for (const std::string& name : quant::numberFormatNames()) {
        const bool isChosen = session.format && session.format->name() == name;
        if (ImGui::Selectable(name.c_str(), isChosen)) session.format = quant::numberFormatFrom(name);
        mark(("bar/format/" + name).c_str(), "");
        if (isChosen && ImGui::IsWindowAppearing()) ImGui::SetScrollHereY();
    }
    ImGui::EndCombo();
}

void showSign(PanelContext& context, ControlFlow& flow) {
    Session& session = context.session();
    flow.place(context.px(92));
    ImGui::SetNextItemWidth(context.px(92));
    const auto shown = static_cast<size_t>(session.sign);
    const bool isOpen = ImGui::BeginCombo("##sign", signNames[shown]);
    mark("bar/sign", isOpen ? "" : "Signed or unsigned integers; auto: signed where an element is negative");
    if (!isOpen) return;
    for (size_t i = 0; i < std::size(signNames); ++i) {
        if (ImGui::Selectable(signNames[i], i == shown)) session.sign = static_cast<quant::Sign>(i);
        mark((std::string("bar/sign/") + signNames[i]).c_str(), "");
    }
    ImGui::EndCombo();
}

void showCheckbox(const char* name, const char* text, bool& value) {
    ImGui::Checkbox(text, &value);
    mark((std::string("bar/shown/") + name).c_str(), "");
}

void showShown(PanelContext& context, ControlFlow& flow) {
    Session& session = context.session();
    flow.place(textButtonWidth("Show"));
    if (textButton("bar/shown", "Show", "What is drawn: curves, levels, methods")) ImGui::OpenPopup("shown");
    if (!ImGui::BeginPopup("shown")) return;
    ShownCurves& shown = session.shown;
    showCheckbox("measured", "measured curves", shown.measured);
    showCheckbox("modelled", "modelled curves", shown.modelled);
    showCheckbox("iterates", "Newton's steps", shown.iterates);
    showCheckbox("levels", "quantization levels", shown.levels);
    showCheckbox("quantized", "quantized histogram", shown.quantizedHistogram);
    showCheckbox("legend", "legend", shown.legend);
    ImGui::SeparatorText("Methods");
    std::vector<std::string> names = quant::methodNames();
    for (const std::string& method : session.methods) {
        if (!std::ranges::contains(names, method)) names.push_back(method);
    }
    for (const std::string& method : names) {
        bool isShown = std::ranges::contains(session.methods, method);
        const bool wasShown = isShown;
        showCheckbox(method.c_str(), method.c_str(), isShown);
        if (isShown && !wasShown) session.methods.push_back(method);
        if (!isShown && wasShown) std::erase(session.methods, method);
    }
    ImGui::EndPopup();
}

void showScale(PanelContext& context, const char* text, AxisView& axis) {
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted(text);
    for (const AxisScale scale : {AxisScale::Linear, AxisScale::Log, AxisScale::Symlog}) {
        const std::string word(name(scale));
        if (scale == AxisScale::Linear)
            ImGui::SameLine(context.px(70));
        else
            ImGui::SameLine();
        ImGui::PushID(text);
        if (ImGui::RadioButton(word.c_str(), axis.scale == scale)) axis = {scale, {}};
        ImGui::PopID();
        mark((std::string("bar/axes/") + text + "/" + word).c_str(), "");
    }
}

void showAxes(PanelContext& context, ControlFlow& flow) {
    Session& session = context.session();
    flow.place(textButtonWidth("Axes"));
    if (textButton("bar/axes", "Axes", "Linear, logarithmic, or linear near zero and logarithmic beyond"))
        ImGui::OpenPopup("axes");
    if (ImGui::BeginPopup("axes")) {
        if (session.view == View::Channels) {
            showScale(context, "clips", session.channels.clips);
        } else if (session.view == View::Compare) {
            showScale(context, "SQNR", session.compare.sqnr);
        } else {
            showScale(context, "clip", session.clips);
            showScale(context, "error", session.errors);
            showScale(context, "counts", session.counts);
        }
        ImGui::EndPopup();
    }
    flow.place(textButtonWidth("Fit"));
    if (textButton("bar/fit", "Fit", tipOf(Action::FitAxes))) context.ask(Action::FitAxes);
}

}  // namespace

void showQuestionControls(PanelContext& context) {
    ControlFlow flow(ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x);
    showBits(context, flow);
    showFormat(context, flow);
    showSign(context, flow);
    showShown(context, flow);
    showAxes(context, flow);
}

}  // namespace app
