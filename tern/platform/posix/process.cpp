#include "tern/platform/posix/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <system_error>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/posix/clock.hpp"
#include "tern/platform/posix/system.hpp"

namespace tern::platform::posix {

namespace {

constexpr std::size_t kReadLength = 4096;

[[noreturn]] void fail(const ProcessOptions& options, std::string_view what, int error) {
    const std::string program = options.arguments.empty() ? "" : options.arguments.front();
    throw Error("cannot start " + program + ": " + std::string(what) +
                std::generic_category().message(error));
}

std::int64_t deadline_after(std::int64_t timeout_ns) {
    return PosixClock{}.nano_time() + timeout_ns;
}

/// Waits until `fd` is readable or at its end; false at the deadline.
bool await_readable(int fd, std::int64_t deadline_ns) {
    for (;;) {
        const std::int64_t now_ns = PosixClock{}.nano_time();
        const std::int64_t rest_ns = std::max<std::int64_t>(deadline_ns - now_ns, 0);
        const timespec timeout{rest_ns / kNanosPerSecond, rest_ns % kNanosPerSecond};
        pollfd event{fd, POLLIN, 0};
        const int ready = ::ppoll(&event, 1, &timeout, nullptr);
        if (ready > 0) return true;
        if (ready == 0) return false;
        if (errno != EINTR) return false;
    }
}

/// The arguments of posix_spawn, freed whatever happens.
class Spawning {
  public:
    Spawning() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes_, &signals);
        for (const int number : {SIGINT, SIGTERM, SIGPIPE}) ::sigaddset(&signals, number);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~Spawning() {
        ::posix_spawnattr_destroy(&attributes_);
        ::posix_spawn_file_actions_destroy(&actions_);
    }
    Spawning(const Spawning&) = delete;
    Spawning& operator=(const Spawning&) = delete;

    void enter_directory(const std::string& path) {
        if (!path.empty()) ::posix_spawn_file_actions_addchdir_np(&actions_, path.c_str());
    }
    void read_from(int fd) { ::posix_spawn_file_actions_adddup2(&actions_, fd, STDIN_FILENO); }
    void write_to_file(const std::string& path) {
        ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, path.c_str(),
                                           O_WRONLY | O_CREAT | O_TRUNC, 0666);
        ::posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
    }
    void write_to(int fd) {
        ::posix_spawn_file_actions_adddup2(&actions_, fd, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, fd, STDERR_FILENO);
    }
    int run(pid_t& pid, std::vector<std::string>& arguments, std::vector<std::string>& variables) {
        const std::vector<char*> argv = pointers(arguments);
        const std::vector<char*> envp = pointers(variables);
        return ::posix_spawnp(&pid, argv[0], &actions_, &attributes_, argv.data(), envp.data());
    }

  private:
    static std::vector<char*> pointers(std::vector<std::string>& texts) {
        std::vector<char*> result;
        for (std::string& text : texts) result.push_back(text.data());
        result.push_back(nullptr);
        return result;
    }
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

std::vector<std::string> merged_environment(const ProcessOptions& options) {
    std::map<std::string, std::string> variables;
    for (auto& [name, value] : PosixSystem{}.environment()) variables[name] = value;
    for (const auto& [name, value] : options.environment) variables[name] = value;
    std::vector<std::string> result;
    for (const auto& [name, value] : variables) result.push_back(name + "=" + value);
    return result;
}

}  // namespace

Process::Process(const ProcessOptions& options) {
    if (options.arguments.empty()) fail(options, "no program: ", EINVAL);
    Spawning spawning;
    FileDescriptor child_output;
    if (options.output == Output::pipe) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(options, "pipe: ", errno);
        output_ = FileDescriptor(ends[0]);
        child_output = FileDescriptor(ends[1]);
        spawning.write_to(child_output.get());
    } else if (options.output != Output::inherit) {
        spawning.write_to_file(options.output == Output::discard ? "/dev/null"
                                                                 : options.output_path);
    }
    FileDescriptor child_input;
    if (options.piped_input) {
        std::array<int, 2> ends{};  // a socket: writing to one that is closed raises no signal
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            fail(options, "socketpair: ", errno);
        }
        input_ = FileDescriptor(ends[0]);
        child_input = FileDescriptor(ends[1]);
        spawning.read_from(child_input.get());
    }
    spawning.enter_directory(options.working_directory);

    std::vector<std::string> arguments = options.arguments;
    std::vector<std::string> variables = merged_environment(options);
    pid_t pid = -1;
    if (const int error = spawning.run(pid, arguments, variables)) fail(options, "", error);
    pid_ = pid;
    pid_fd_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pid_fd_.valid()) {
        const int error = errno;
        kill();
        reap(true);
        fail(options, "pidfd_open: ", error);
    }
}

Process::~Process() {
    if (!is_running()) return;
    kill();
    reap(true);
}

bool Process::is_running() { return !reap(false); }

/// True once it has ended; its exit code is then known, and its pid may belong to another.
bool Process::reap(bool block) {
    if (exit_code_) return true;
    int status = 0;
    pid_t reaped = 0;
    do {
        reaped = ::waitpid(static_cast<pid_t>(pid_), &status, block ? 0 : WNOHANG);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == 0) return false;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

void Process::signal(int number) {
    if (!exit_code_) ::kill(static_cast<pid_t>(pid_), number);
}

void Process::terminate() { signal(SIGTERM); }

void Process::kill() { signal(SIGKILL); }

std::optional<int> Process::wait(std::int64_t timeout_ns) {
    if (!exit_code_ && await_readable(pid_fd_.get(), deadline_after(timeout_ns))) reap(true);
    return exit_code_;
}

void Process::write_line(std::string_view line) {
    std::string text(line);
    text += '\n';
    for (std::string_view rest = text; !rest.empty();) {
        const ssize_t sent = ::send(input_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) {
            throw Error("process " + std::to_string(pid_) +
                        " does not read its input: " + std::generic_category().message(errno));
        }
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// Appends to unread_; false at the end of the output or at the deadline.
bool Process::read_more(std::int64_t deadline_ns) {
    if (!output_.valid() || !await_readable(output_.get(), deadline_ns)) return false;
    std::array<char, kReadLength> buffer;
    const ssize_t read = ::read(output_.get(), buffer.data(), buffer.size());
    if (read < 0 && errno == EINTR) return true;
    if (read <= 0) {
        output_.reset();
        return false;
    }
    unread_.append(buffer.data(), static_cast<std::size_t>(read));
    return true;
}

std::optional<std::string> Process::read_line(std::int64_t timeout_ns) {
    const std::int64_t deadline_ns = deadline_after(timeout_ns);
    for (;;) {
        if (const auto end = unread_.find('\n'); end != std::string::npos) {
            std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        if (read_more(deadline_ns)) continue;
        if (output_.valid() || unread_.empty()) return std::nullopt;
        return std::exchange(unread_, {});  // the last line, without an end
    }
}

std::string Process::read_all(std::int64_t timeout_ns) {
    const std::int64_t deadline_ns = deadline_after(timeout_ns);
    while (read_more(deadline_ns)) {
    }
    return std::exchange(unread_, {});
}

}  // namespace tern::platform::posix
