#pragma once
// One visitor made of several lambdas, for std::visit.

namespace tern {

template <typename... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <typename... Cases>  // Clang 16 does not deduce this by itself
Overloaded(Cases...)->Overloaded<Cases...>;

}  // namespace tern
