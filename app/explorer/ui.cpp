#include "app/explorer/ui.h"

#include "app/plot/font.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace app {

namespace {

constexpr float fontPixels = 15, lineSpacing = 1.2f;

// What assets/fonts/make_font.py keeps.
constexpr ImWchar glyphs[] = {0x20,   0x7e,   0xa0,   0x17f,  0x370,  0x3ff,  0x400,
                              0x45f,  0x2010, 0x2027, 0x2030, 0x203a, 0x2070, 0x208e,
                              0x20ac, 0x20ac, 0x2190, 0x2199, 0x2200, 0x2265, 0};

ImVec4 vec4(Colour colour) {
    return ImGui::ColorConvertU32ToFloat4(colour);
}

Colour mixed(Colour one, Colour other, float part) {
    const ImVec4 a = vec4(one), b = vec4(other);
    return ImGui::ColorConvertFloat4ToU32({std::lerp(a.x, b.x, part), std::lerp(a.y, b.y, part),
                                           std::lerp(a.z, b.z, part), std::lerp(a.w, b.w, part)});
}

void setColours(ImGuiStyle& style, const Theme& theme) {
    const auto set = [&](ImGuiCol which, Colour colour) { style.Colors[which] = vec4(colour); };
    const Colour control = mixed(theme.panel, theme.text, 0.10f);
    const Colour hovered = mixed(theme.panel, theme.text, 0.18f);
    const Colour active = mixed(theme.panel, theme.text, 0.26f);
    const Colour border = mixed(theme.panel, theme.text, 0.16f);
    set(ImGuiCol_Text, theme.text);
    set(ImGuiCol_TextDisabled, theme.dimText);
    set(ImGuiCol_WindowBg, theme.panel);
    set(ImGuiCol_ChildBg, 0);
    set(ImGuiCol_PopupBg, theme.panel);
    set(ImGuiCol_Border, border);
    set(ImGuiCol_Separator, border);
    for (const ImGuiCol col : {ImGuiCol_FrameBg, ImGuiCol_Button}) set(col, control);
    for (const ImGuiCol col : {ImGuiCol_FrameBgHovered, ImGuiCol_ButtonHovered}) set(col, hovered);
    for (const ImGuiCol col : {ImGuiCol_FrameBgActive, ImGuiCol_ButtonActive}) set(col, active);
    set(ImGuiCol_Header, theme.selection);
    set(ImGuiCol_HeaderHovered, mixed(theme.selection, theme.text, 0.12f));
    set(ImGuiCol_HeaderActive, mixed(theme.selection, theme.text, 0.2f));
    set(ImGuiCol_CheckMark, theme.accent);
    set(ImGuiCol_SliderGrab, theme.accent);
    set(ImGuiCol_SliderGrabActive, theme.accent);
    set(ImGuiCol_ScrollbarBg, 0);
    set(ImGuiCol_ScrollbarGrab, active);
    set(ImGuiCol_ScrollbarGrabHovered, theme.dimText);
    set(ImGuiCol_ScrollbarGrabActive, theme.dimText);
    for (const ImGuiCol col : {ImGuiCol_TitleBg, ImGuiCol_TitleBgActive}) set(col, control);
    set(ImGuiCol_Tab, theme.panel);
    set(ImGuiCol_TabHovered, hovered);
    set(ImGuiCol_TabActive, control);
    set(ImGuiCol_TableHeaderBg, mixed(theme.panel, theme.text, 0.06f));
    set(ImGuiCol_TableBorderLight, mixed(theme.panel, theme.text, 0.08f));
    set(ImGuiCol_TableBorderStrong, border);
    set(ImGuiCol_TableRowBg, 0);
    set(ImGuiCol_TableRowBgAlt, mixed(theme.panel, theme.text, 0.03f));
    set(ImGuiCol_TextSelectedBg, theme.selection);
    set(ImGuiCol_NavHighlight, theme.accent);
    set(ImGuiCol_PlotHistogram, theme.accent);
    set(ImGuiCol_ModalWindowDimBg, withAlpha(theme.background, 160));
}

}  // namespace

Ui::Ui() : m_context(ImGui::CreateContext()), m_theme(&darkTheme()) {
    ImGui::SetCurrentContext(m_context);
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;  // sessions remember what there is to remember
    io.LogFilename = nullptr;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    io.UserData = &m_controls;
    io.ConfigInputTextCursorBlink = false;    // a window at rest draws nothing
    io.ConfigInputTrickleEventQueue = false;  // scripts and streams send whole gestures at once
    io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
    setLook(darkTheme(), 1);
}

Ui::~Ui() {
    ImGui::DestroyContext(m_context);
}

void Ui::setLook(const Theme& theme, float scale) {
    ImGui::SetCurrentContext(m_context);
    const bool isRescaled = scale != m_scale;
    m_theme = &theme;
    m_scale = scale;
    ImGuiStyle style;
    setColours(style, theme);
    style.WindowPadding = {10, 8};
    style.FramePadding = {7, 3};
    style.CellPadding = {6, 2};
    style.ItemSpacing = {8, 5};
    style.WindowRounding = style.ChildRounding = 0;
    style.FrameRounding = style.PopupRounding = style.GrabRounding = style.TabRounding = 4;
    style.ScrollbarSize = 12;
    style.WindowBorderSize = style.ChildBorderSize = 0;
    style.ScaleAllSizes(scale);
    style.AntiAliasedLinesUseTex = false;  // the atlas holds glyphs alone
    ImGui::GetStyle() = style;
    if (isRescaled) buildFonts();
}

void Ui::buildFonts() {
    ImGuiIO& io = ImGui::GetIO();
    io.Fonts->Clear();
    io.Fonts->Flags |= ImFontAtlasFlags_NoBakedLines | ImFontAtlasFlags_NoMouseCursors;
    ImFontConfig config;
    config.FontDataOwnedByAtlas = false;
    config.OversampleH = 2;
    const auto font = embeddedFont();
    io.Fonts->AddFontFromMemoryTTF(const_cast<std::byte*>(font.data()), static_cast<int>(font.size()),
                                   std::round(fontPixels * m_scale), &config, glyphs);
    io.Fonts->Build();
}

void Ui::feed(const InputEvent& event) {
    ImGui::SetCurrentContext(m_context);
    ImGuiIO& io = ImGui::GetIO();
    struct Feed {
        ImGuiIO& io;
        void operator()(const PointerMoved& moved) { io.AddMousePosEvent(moved.x, moved.y); }
        void operator()(const PointerButton& button) {
            if (button.button >= 0 && button.button < 5) io.AddMouseButtonEvent(button.button, button.isDown);
        }
        void operator()(const WheelTurned& wheel) { io.AddMouseWheelEvent(wheel.x, wheel.y); }
        void operator()(const KeyPressed& pressed) {
            const auto key = static_cast<ImGuiKey>(pressed.key);
            if (!ImGui::IsNamedKey(key)) return;
            io.AddKeyEvent(key, pressed.isDown);
            addModifier(key, pressed.isDown);
        }
        void operator()(const TextTyped& typed) { io.AddInputCharactersUTF8(typed.text.c_str()); }
        void operator()(const FocusChanged& focus) { io.AddFocusEvent(focus.hasFocus); }

        void addModifier(ImGuiKey key, bool isDown) {
            const auto is = [&](ImGuiKey left, ImGuiKey right) { return key == left || key == right; };
            if (is(ImGuiKey_LeftCtrl, ImGuiKey_RightCtrl)) io.AddKeyEvent(ImGuiMod_Ctrl, isDown);
            if (is(ImGuiKey_LeftShift, ImGuiKey_RightShift)) io.AddKeyEvent(ImGuiMod_Shift, isDown);
            if (is(ImGuiKey_LeftAlt, ImGuiKey_RightAlt)) io.AddKeyEvent(ImGuiMod_Alt, isDown);
            if (is(ImGuiKey_LeftSuper, ImGuiKey_RightSuper)) io.AddKeyEvent(ImGuiMod_Super, isDown);
        }
    };
    std::visit(Feed{io}, event);
}

void Ui::beginFrame(uint32_t width, uint32_t height, double seconds) {
    ImGui::SetCurrentContext(m_context);
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
    io.DeltaTime = std::clamp(static_cast<float>(seconds), 1e-4f, 1.0f);
    m_controls.beginFrame(seconds);
    ImGui::NewFrame();
}

const ImDrawData& Ui::endFrame() {
    ImGui::SetCurrentContext(m_context);
    ImGui::Render();
    return *ImGui::GetDrawData();
}

bool Ui::isAnimating() const {
    const ImGuiIO& io = m_context->IO;
    const auto isDown = [](const ImGuiKeyData& key) { return key.Down; };
    return std::ranges::any_of(io.MouseDown, std::identity()) || std::ranges::any_of(io.KeysData, isDown);
}

bool Ui::isHeld() const {
    return isAnimating() || m_context->IO.WantTextInput;
}

void Ui::setClipboard(Clipboard clipboard) {
    m_clipboard = std::move(clipboard);
    ImGuiIO& io = m_context->IO;
    io.ClipboardUserData = this;
    io.SetClipboardTextFn = [](void* ui, const char* text) { static_cast<Ui*>(ui)->m_clipboard.set(text); };
    io.GetClipboardTextFn = [](void* data) {
        Ui& ui = *static_cast<Ui*>(data);
        ui.m_pasted = ui.m_clipboard.get();
        return ui.m_pasted.c_str();
    };
}

int Ui::cursor() const {
    return m_context->MouseCursor;
}

ImFontAtlas& Ui::atlas() {
    return *m_context->IO.Fonts;
}

TextMeasure Ui::measure() const {
    return [this](std::string_view text) {
        const ImFont& font = *m_context->IO.Fonts->Fonts[0];
        const ImVec2 size =
            font.CalcTextSizeA(font.FontSize, 1e9f, 0, text.data(), text.data() + text.size());
        return glm::vec2(size.x / m_scale, size.y / m_scale);
    };
}

float Ui::lineHeight() const {
    return lineSpacing * m_context->IO.Fonts->Fonts[0]->FontSize / m_scale;
}

}  // namespace app
