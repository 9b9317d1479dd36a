#pragma once
// What the fuzz targets share. A target is a file NAME_fuzz.cpp that defines
// LLVMFuzzerTestOneInput: any bytes go in, nothing may be read outside of them, nothing may be
// undefined, nothing may take long. Errors that the decoders report are fine, and thrown ones are
// to be tern::Error.
//
// With Clang (preset fuzz) a target is a libFuzzer program; otherwise replay_main.cpp runs it over
// the files of its corpus. `./dev fuzz [SECONDS]` runs all.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tern::fuzz {

/// A condition that holds for any bytes; the fuzzer reports it where it does not.
inline void require(bool condition) {
    if (!condition) std::abort();
}

[[nodiscard]] inline ConstBytes input(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const std::byte*>(data), size};
}

[[nodiscard]] inline bool is_inside(ConstBytes part, ConstBytes whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}
[[nodiscard]] inline bool is_inside(std::string_view part, ConstBytes whole) {
    return is_inside(as_bytes(part), whole);
}

/// Runs what may refuse its bytes with an Error.
template <typename Call>
void allow_errors(Call&& call) {
    try {
        call();
    } catch (const Error&) {  // it has said what is wrong with the bytes
    }
}

/// Bytes that end where their memory ends, at the alignment of mapped memory: an access behind
/// them is seen by the address sanitizer.
class Copy {
  public:
    explicit Copy(ConstBytes bytes)
        : words_((bytes.size() + 7) / 8), bytes_(bytes.begin(), bytes.end()) {
        if (bytes.size() % 8 == 0) std::copy(bytes.begin(), bytes.end(), whole().begin());
    }
    /// Aligned to 8 when the length is a multiple of 8.
    [[nodiscard]] Bytes bytes() {
        return bytes_.size() % 8 == 0 ? whole() : Bytes(bytes_.data(), bytes_.size());
    }

  private:
    [[nodiscard]] Bytes whole() {
        return {reinterpret_cast<std::byte*>(words_.data()), words_.size() * 8};
    }
    std::vector<std::uint64_t> words_;
    std::vector<std::byte> bytes_;
};

}  // namespace tern::fuzz
