#pragma once
// A reference to something callable, for parameters: two words, no allocation, not owning. It must
// not outlive the call that it is passed to.

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace tern {

template <typename Signature>
class FunctionRef;

template <typename Result, typename... Args>
class FunctionRef<Result(Args...)> {
  public:
    template <typename Callable>
    requires(!std::same_as<std::remove_cvref_t<Callable>, FunctionRef> &&
             std::is_invocable_r_v<Result, Callable&, Args...>)
        // NOLINTNEXTLINE(google-explicit-constructor): a parameter type, made from any callable
        FunctionRef(Callable&& callable)
    noexcept
        : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
          call_([](void* object, Args... args) -> Result {
              using Pointer = std::add_pointer_t<std::remove_reference_t<Callable>>;
              return std::invoke(*static_cast<Pointer>(object), std::forward<Args>(args)...);
          }) {}

    Result operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

  private:
    void* object_;
    Result (*call_)(void*, Args...);
};

}  // namespace tern
