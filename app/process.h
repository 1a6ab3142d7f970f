#pragma once

namespace app {

// Lets the process open as many files as it may, and makes it safe to write from: closed standard streams are
// replaced by ones that fail, a full disk and a broken pipe become errors of write(), and SIGINT, SIGTERM and
// SIGHUP remove unfinished outputs and end the process with 128 + signal. A driver that runs into the limit
// on file sizes ends the process with 5, as an output would.
void prepareProcess();

}  // namespace app
