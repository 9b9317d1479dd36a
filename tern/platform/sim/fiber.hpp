#pragma once
// A thread of the simulated world: a function with a stack of its own, which stands still wherever
// it calls suspend() and goes on there at the next resume(). Internal to sim/.
//
// Exceptions may be thrown and caught within the function, also across suspensions; none leaves it
// (that is an assertion). A fiber that is destroyed has finished.
//
// Thread safety: none; all fibers of a world on one thread.

#include <functional>
#include <memory>

namespace tern::platform::sim {

/// Bytes of stack of each fiber; behind it is a page that must not be touched.
inline constexpr std::size_t kFiberStackLength = 1024 * 1024;

class Fiber {
  public:
    explicit Fiber(std::function<void()> body);
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// From outside of any fiber, or of another one: runs it until it suspends or finishes.
    void resume();
    [[nodiscard]] bool finished() const noexcept;
    /// From within: back to whoever resumed it.
    void suspend();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace tern::platform::sim
