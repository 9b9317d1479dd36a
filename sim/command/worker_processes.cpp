#include "sim/command/worker_processes.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <vector>

#include "tern/base/error.hpp"

namespace tern::sim {
namespace {

/// Takes every jobs-th task, from `next` on.
struct Worker {
    std::uint64_t next = 0;  // not reported yet
    pid_t pid = -1;
    int pipe = -1;
    std::string received;
};

void write_all(int fd, const void* data, std::size_t length) {
    const char* at = static_cast<const char*>(data);
    while (length > 0) {
        const ssize_t written = ::write(fd, at, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) ::_exit(1);
        at += written;
        length -= static_cast<std::size_t>(written);
    }
}

class Workers {
  public:
    Workers(std::uint64_t count, int jobs, const std::function<std::string(std::uint64_t)>& do_task)
        : count_(count), step_(static_cast<std::uint64_t>(jobs)), do_task_(do_task) {
        for (std::uint64_t i = 0; i < step_ && i < count_; ++i) {
            start(workers_.emplace_back(Worker{i, -1, -1, {}}));
        }
    }
    ~Workers() {
        for (Worker& worker : workers_) {
            if (worker.pid > 0) ::kill(worker.pid, SIGKILL);
            if (worker.pid > 0) static_cast<void>(reap(worker));
        }
    }
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    void run(const std::function<bool(const TaskResult&)>& on_result) {
        while (true) {
            std::vector<pollfd> fds;
            for (const Worker& worker : workers_) {
                if (worker.pid > 0) fds.push_back({worker.pipe, POLLIN, 0});
            }
            if (fds.empty()) return;
            ::poll(fds.data(), fds.size(), -1);
            for (Worker& worker : workers_) {
                const bool is_ready = std::ranges::any_of(fds, [&](const pollfd& fd) {
                    return worker.pid > 0 && fd.fd == worker.pipe && fd.revents != 0;
                });
                if (is_ready && !receive(worker, on_result)) return;
            }
        }
    }

  private:
    void start(Worker& worker) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) fail("make a pipe");
        std::fflush(nullptr);
        worker.pid = ::fork();
        if (worker.pid < 0) fail("start a process");
        if (worker.pid == 0) {
            ::close(ends[0]);
            work(worker.next, ends[1]);
        }
        ::close(ends[1]);
        worker.pipe = ends[0];
        worker.received.clear();
    }
    [[noreturn]] void work(std::uint64_t first, int pipe) {
        for (std::uint64_t task = first; task < count_; task += step_) {
            ::alarm(kMaxTaskSeconds);
            const std::string text = do_task_(task);
            const std::uint64_t length = text.size();
            write_all(pipe, &length, sizeof length);
            write_all(pipe, text.data(), text.size());
        }
        std::fflush(nullptr);
        ::_exit(0);
    }
    bool receive(Worker& worker, const std::function<bool(const TaskResult&)>& on_result) {
        std::array<char, 65536> buffer{};
        const ssize_t got = ::read(worker.pipe, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) return true;
        if (got <= 0) return on_end(worker, on_result);
        worker.received.append(buffer.data(), static_cast<std::size_t>(got));
        while (worker.received.size() >= sizeof(std::uint64_t)) {
            std::uint64_t length = 0;
            std::memcpy(&length, worker.received.data(), sizeof length);
            if (worker.received.size() < sizeof length + length) break;
            const TaskResult result{worker.next, worker.received.substr(sizeof length, length), {}};
            worker.received.erase(0, sizeof length + length);
            worker.next += step_;
            if (!on_result(result)) return false;
        }
        return true;
    }
    bool on_end(Worker& worker, const std::function<bool(const TaskResult&)>& on_result) {
        const int status = reap(worker);
        if (worker.next >= count_) return true;
        const std::string death =
            WIFSIGNALED(status)
                ? fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)))
                : fmt::format("exit code {}", WEXITSTATUS(status));
        const bool goes_on = on_result({worker.next, std::nullopt, death});
        worker.next += step_;
        if (goes_on && worker.next < count_) start(worker);
        return goes_on;
    }
    static int reap(Worker& worker) {
        int status = 0;
        ::close(worker.pipe);
        while (::waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) {
        }
        worker.pid = -1;
        return status;
    }
    [[noreturn]] static void fail(const char* what) {
        throw Error(fmt::format("cannot {} for the simulator: {}", what, std::strerror(errno)));
    }

    std::uint64_t count_;
    std::uint64_t step_;
    const std::function<std::string(std::uint64_t)>& do_task_;
    std::vector<Worker> workers_;
};

}  // namespace

void run_in_processes(std::uint64_t count, int jobs,
                      const std::function<std::string(std::uint64_t)>& do_task,
                      const std::function<bool(const TaskResult&)>& on_result) {
    Workers(count, jobs, do_task).run(on_result);
}

}  // namespace tern::sim
