#pragma once
// A program on a host of the simulated world, over its many lives: it is started, asked to end, or
// killed, and can be started again, each time as a new process.
//
// live() is its main program, on a stack of its own: it launches what it consists of, gives its
// agents their turns with run(), waits with idle() until should_end(), closes, and returns. After a
// kill it goes on once more, cut off from the world and with clocks that race, so that what is on
// its stack is destroyed; so every wait in it ends by should_end() or by a deadline.
//
// Thread safety: none.

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/harness/run.hpp"
#include "tern/memory/owner.hpp"

namespace tern::sim {

class Actor {
  public:
    Actor(Run& run, virtual_world::Host& host, std::string name);
    virtual ~Actor();  ///< derived ones call kill() in their destructors
    Actor(const Actor&) = delete;
    Actor& operator=(const Actor&) = delete;

    void start();  ///< not while it is running
    /// SIGTERM.
    void ask_to_end();
    [[nodiscard]] bool is_asked_to_end() const noexcept { return is_asked_to_end_; }
    /// SIGKILL; harmless when it is not running.
    void kill();
    [[nodiscard]] bool is_running() const;
    /// The present life, or the last one; nullptr before the first.
    [[nodiscard]] virtual_world::Process* process() const noexcept { return process_; }
    [[nodiscard]] int lives() const noexcept { return lives_; }
    [[nodiscard]] virtual_world::Host& host() const noexcept { return host_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

  protected:
    virtual void live(platform::Platform platform) = 0;
    /// What live() or an agent has thrown; not of the killed. A violation, unless overridden.
    virtual void on_error(const std::exception& error);

    [[nodiscard]] bool should_end() const noexcept { return is_asked_to_end_ || !is_alive(); }
    [[nodiscard]] bool is_alive() const noexcept {
        return process_ != nullptr && process_->is_alive();
    }
    /// Lets the others run for a little; returns at once when it was killed.
    void idle() { run_.world().scheduler().run_round(); }
    /// In the main program only: longer and longer while there is no work, as idle strategies do.
    void idle(int work_count);
    /// Launches something whose directory may have an owner that died without a word, as `tern`
    /// does it: tries until that one is believed to be dead. nullptr: should_end().
    template <typename Launch>
    [[nodiscard]] auto launch(const Launch& launch_it) -> decltype(launch_it()) {
        while (!should_end()) {
            try {
                return launch_it();
            } catch (const memory::OwnerActiveError&) {
                wait_a_little();
            }
        }
        return nullptr;
    }
    /// From here on the agent gets turns of its own.
    void run(Agent& agent);
    /// A turn that is under way ends first.
    void stop(Agent& agent);
    void tell(std::string_view text) const;
    [[nodiscard]] Run& the_run() const noexcept { return run_; }

  private:
    void main();
    void wait_a_little();

    Run& run_;
    virtual_world::Host& host_;
    std::string name_;
    virtual_world::Process* process_ = nullptr;
    std::uint64_t main_ = 0;
    int lives_ = 0;
    std::int64_t idle_ns_ = 0;
    bool is_asked_to_end_ = false;
};

}  // namespace tern::sim
