#include "tern/platform/sim/fiber.hpp"

#include <cxxabi.h>
#include <sys/mman.h>

#include <boost/context/fiber.hpp>
#include <cstring>
#include <utility>
#include <vector>

#include "tern/base/assert.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define TERN_FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TERN_FIBER_ASAN 1
#endif
#endif
#ifdef TERN_FIBER_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace tern::platform::sim {
namespace {

namespace context = boost::context;

constexpr std::size_t kGuardLength = 4096;
constexpr std::size_t kMaxSpareStacks = 64;

/// Stacks are used again: mapping one costs more than most of what runs on it.
class Stacks {
  public:
    ~Stacks() {
        for (void* memory : spare_) ::munmap(memory, kGuardLength + kFiberStackLength);
    }
    context::stack_context take() {
        void* memory = nullptr;
        if (spare_.empty()) {
            memory = ::mmap(nullptr, kGuardLength + kFiberStackLength, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            TERN_ASSERT(memory != MAP_FAILED, "the machine under the simulator has memory left");
            ::mprotect(memory, kGuardLength, PROT_NONE);
        } else {
            memory = spare_.back();
            spare_.pop_back();
        }
        context::stack_context stack;
        stack.size = kFiberStackLength;
        stack.sp = static_cast<char*>(memory) + kGuardLength + kFiberStackLength;
        return stack;
    }
    void give_back(const context::stack_context& stack) {
        void* memory = static_cast<char*>(stack.sp) - kFiberStackLength - kGuardLength;
        if (spare_.size() < kMaxSpareStacks) {
            spare_.push_back(memory);
        } else {
            ::munmap(memory, kGuardLength + kFiberStackLength);
        }
    }

  private:
    std::vector<void*> spare_;
};

thread_local Stacks stacks;

/// Each side of a switch has exceptions of its own that are being handled.
class Exceptions {
  public:
    void swap() noexcept {
        const Saved now = load();
        std::memcpy(abi::__cxa_get_globals(), &saved_, sizeof saved_);
        saved_ = now;
    }

  private:
    struct Saved {  // __cxa_eh_globals of the Itanium C++ ABI
        void* caught;
        unsigned int uncaught;
    };
    static Saved load() noexcept {
        Saved saved{};
        std::memcpy(&saved, abi::__cxa_get_globals(), sizeof saved);
        return saved;
    }
    Saved saved_{};
};

/// boost's way to be given a stack that it does not release.
struct BorrowedStack {
    context::stack_context allocate() { return {}; }
    void deallocate(context::stack_context& /*stack*/) {}
};

}  // namespace

struct Fiber::Context {
    std::function<void()> body;
    context::stack_context stack = stacks.take();
    context::fiber inside;   // valid while it is suspended
    context::fiber outside;  // valid while it runs
    Exceptions exceptions;
    bool finished = false;
#ifdef TERN_FIBER_ASAN
    void* outside_fake_stack = nullptr;
    void* inside_fake_stack = nullptr;
    const void* outside_bottom = nullptr;
    std::size_t outside_size = 0;
#endif
#ifdef __SANITIZE_THREAD__
    void* inside_thread = __tsan_create_fiber(0);
    void* outside_thread = nullptr;
#endif

    void leave_outside() {
        exceptions.swap();
#ifdef TERN_FIBER_ASAN
        __sanitizer_start_switch_fiber(&outside_fake_stack,
                                       static_cast<char*>(stack.sp) - stack.size, stack.size);
#endif
#ifdef __SANITIZE_THREAD__
        outside_thread = __tsan_get_current_fiber();
        __tsan_switch_to_fiber(inside_thread, 0);
#endif
    }
    void enter_outside() {
#ifdef TERN_FIBER_ASAN
        __sanitizer_finish_switch_fiber(outside_fake_stack, nullptr, nullptr);
#endif
        exceptions.swap();
    }
    void leave_inside() {
#ifdef TERN_FIBER_ASAN
        __sanitizer_start_switch_fiber(finished ? nullptr : &inside_fake_stack, outside_bottom,
                                       outside_size);
#endif
#ifdef __SANITIZE_THREAD__
        __tsan_switch_to_fiber(outside_thread, 0);
#endif
    }
    void enter_inside() {
#ifdef TERN_FIBER_ASAN
        __sanitizer_finish_switch_fiber(inside_fake_stack, &outside_bottom, &outside_size);
#endif
    }
};

Fiber::Fiber(std::function<void()> body) : context_(std::make_unique<Context>()) {
    context_->body = std::move(body);
    Context* self = context_.get();
    self->inside = context::fiber(
        std::allocator_arg, context::preallocated(self->stack.sp, self->stack.size, self->stack),
        BorrowedStack{}, [self](context::fiber&& outside) noexcept {
            self->outside = std::move(outside);
            self->enter_inside();
            self->body();
            self->finished = true;
            self->leave_inside();
            return std::move(self->outside);
        });
}

Fiber::~Fiber() {
    TERN_ASSERT(context_->finished, "a fiber is destroyed when it has finished");
#ifdef __SANITIZE_THREAD__
    __tsan_destroy_fiber(context_->inside_thread);
#endif
    stacks.give_back(context_->stack);
}

void Fiber::resume() {
    Context& self = *context_;
    self.leave_outside();
    self.inside = std::move(self.inside).resume();
    self.enter_outside();
}

bool Fiber::finished() const noexcept { return context_->finished; }

void Fiber::suspend() {
    Context& self = *context_;
    self.leave_inside();
    self.outside = std::move(self.outside).resume();
    self.enter_inside();
}

}  // namespace tern::platform::sim
