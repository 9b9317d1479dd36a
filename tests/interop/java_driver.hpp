#pragma once
// Upstream's Java media driver as a process, for the interop tests: its jar is named by the
// environment variable TERN_AERON_JAR; without it the tests that need it fail.

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tern/memory/cnc_file.hpp"
#include "tern/platform/platform.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/process.hpp"
#include "tests/support/scratch_directory.hpp"

namespace tern::interop {

/// Null when there is no jar to test against.
[[nodiscard]] inline const char* aeron_jar() { return std::getenv("TERN_AERON_JAR"); }

using support::ScratchDirectory;

/// java -cp JAR with these -D properties, running the class.
[[nodiscard]] inline std::unique_ptr<platform::posix::Process> start_java(
    const std::string& main_class, const std::vector<std::string>& defines,
    const std::string& output_path) {
    platform::posix::ProcessOptions options;
    options.arguments = {"java",
                         "-cp",
                         aeron_jar(),
                         "--add-opens",
                         "java.base/jdk.internal.misc=ALL-UNNAMED",
                         "-XX:+UseSerialGC"};
    for (const std::string& define : defines) options.arguments.push_back("-D" + define);
    options.arguments.push_back(main_class);
    options.output = platform::posix::Output::file;
    options.output_path = output_path;
    return std::make_unique<platform::posix::Process>(options);
}

/// A test's own Java program (tests/interop/java), with output to a pipe, and input from one if
/// asked for.
[[nodiscard]] inline std::unique_ptr<platform::posix::Process> start_java_program(
    const std::string& main_class, const std::vector<std::string>& arguments,
    const std::vector<std::string>& defines = {}, bool piped_input = false) {
    platform::posix::ProcessOptions options;
    options.arguments = {"java",
                         "-cp",
                         std::string(aeron_jar()) + ":" + std::getenv("TERN_JAVA_CLASSES"),
                         "--add-opens",
                         "java.base/jdk.internal.misc=ALL-UNNAMED",
                         "-XX:+UseSerialGC"};
    for (const std::string& define : defines) options.arguments.push_back("-D" + define);
    options.arguments.push_back(main_class);
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    options.output = platform::posix::Output::pipe;
    options.piped_input = piped_input;
    return std::make_unique<platform::posix::Process>(options);
}

/// Upstream's driver in a scratch directory of its own.
class JavaDriver {
  public:
    explicit JavaDriver(platform::Platform platform, std::vector<std::string> defines = {})
        : scratch_(platform), aeron_directory_(scratch_.path() + "/aeron") {
        defines.push_back("aeron.dir=" + aeron_directory_);
        defines.push_back("aeron.threading.mode=SHARED");
        defines.push_back("aeron.term.buffer.length=65536");
        defines.push_back("aeron.ipc.term.buffer.length=65536");
        defines.push_back("aeron.counters.buffer.length=1048576");
        process_ = start_java("io.aeron.driver.MediaDriver", defines, log_path());
    }

    [[nodiscard]] const std::string& aeron_directory() const noexcept { return aeron_directory_; }
    [[nodiscard]] std::string log_path() const { return scratch_.path() + "/driver.log"; }
    [[nodiscard]] platform::posix::Process& process() noexcept { return *process_; }

  private:
    ScratchDirectory scratch_;
    std::string aeron_directory_;
    std::unique_ptr<platform::posix::Process> process_;
};

}  // namespace tern::interop
