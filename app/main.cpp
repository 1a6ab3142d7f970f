#include "app/command_line.h"
#include "app/messages.h"
#include "app/process.h"
#include "app/usage_error.h"
#include "engine/error.h"
#include "quant/input_error.h"

#include <exception>
#include <string>

namespace {

// What scripts rely on.
enum ExitCode {
    Done = 0,
    InternalFailure = 1,
    Usage = 2,
    UnusableInput = 3,
    NoUsableDevice = 4,
    OutputFailure = 5
};

int reported(ExitCode code, const std::exception& error) {
    app::printMessage("error", error.what());
    return code;
}

int run(int argc, char** argv, app::Global& global) {
    try {
        app::runCommandLine(argc, argv, global);
        return Done;
    } catch (const app::UsageError& error) {
        return reported(Usage, error);
    } catch (const quant::InputError& error) {
        return reported(UnusableInput, error);
    } catch (const engine::ShaderError& error) {
        return reported(UnusableInput, error);
    } catch (const engine::NoDevice& error) {
        return reported(NoUsableDevice, error);
    } catch (const quant::OutputError& error) {
        return reported(OutputFailure, error);
    } catch (const std::bad_alloc&) {
        app::printMessage("error", "memory ran out");
        return InternalFailure;
    } catch (const std::exception& error) {
        return reported(InternalFailure, error);
    }
}

}  // namespace

int main(int argc, char** argv) {
    app::prepareProcess();
    app::Global global;
    const int code = run(argc, argv, global);
    if (code != Done || global.validationMessages == 0) return code;
    app::printMessage(
        "error", "the validation layers reported " + std::to_string(global.validationMessages) + " messages");
    return InternalFailure;
}
