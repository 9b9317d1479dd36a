#pragma once
// A child process: started with given arguments, environment and output; never left behind.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/platform/posix/file_descriptor.hpp"

namespace tern::platform::posix {

enum class Output : std::uint8_t {
    inherit,  ///< where this process writes
    discard,
    file,  ///< ProcessOptions::output_path, truncated
    pipe,  ///< read by Process::read_line and read_all
};

struct ProcessOptions {
    std::vector<std::string> arguments;  ///< the program first; looked up in PATH
    /// Added to (or in place of) this process's variables.
    std::vector<std::pair<std::string, std::string>> environment;
    std::string working_directory;    ///< empty: this process's
    Output output = Output::inherit;  ///< of stdout and stderr alike
    std::string output_path;
    bool piped_input = false;  ///< stdin is what write_line() sends; else this process's
};

/// Thread safety: one thread at a time. Timeouts are in ns.
class Process {
  public:
    /// Starts the program, with default signal handling and no signal blocked. Throws Error naming
    /// the program and the system's reason.
    explicit Process(const ProcessOptions& options);
    ~Process();  ///< kills it if it still runs, and reaps it
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] std::int64_t pid() const noexcept { return pid_; }
    [[nodiscard]] bool is_running();
    /// Sends a signal; does nothing once the process has been seen to end.
    void signal(int number);
    void terminate();  ///< SIGTERM
    void kill();       ///< SIGKILL

    /// Waits for the end. The exit code, or 128 + the signal that ended it, as shells count;
    /// nullopt when it still runs after `timeout_ns`.
    [[nodiscard]] std::optional<int> wait(std::int64_t timeout_ns);

    /// Sends a line to the piped input, and ends it. Throws Error when the child reads no more.
    void write_line(std::string_view line);
    /// The child sees the end of its input. Idempotent.
    void close_input() { input_.reset(); }

    /// The next line of piped output without its end; nullopt at the end of the output (of the
    /// child and of all it started) or after `timeout_ns`.
    [[nodiscard]] std::optional<std::string> read_line(std::int64_t timeout_ns);
    /// What is left of the piped output, until its end or for `timeout_ns`.
    [[nodiscard]] std::string read_all(std::int64_t timeout_ns);

  private:
    bool reap(bool block);
    bool read_more(std::int64_t deadline_ns);

    std::int64_t pid_ = -1;
    FileDescriptor pid_fd_;  // readable when it has ended
    FileDescriptor input_;   // our ends of the pipes
    FileDescriptor output_;
    std::string unread_;
    std::optional<int> exit_code_;
};

}  // namespace tern::platform::posix
