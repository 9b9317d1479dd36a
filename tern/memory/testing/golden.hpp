#pragma once
// For tests: upstream's own bytes, which stand beside the repository, and memory to put things in.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/platform/clock.hpp"

namespace tern::memory::testing {

/// Zeroed bytes, aligned as a mapping's are for all that we overlay.
class AlignedBytes {
  public:
    explicit AlignedBytes(std::size_t size) : words_((size + 7) / 8), size_(size) {}
    [[nodiscard]] Bytes bytes() noexcept {
        return {reinterpret_cast<std::byte*>(words_.data()), size_};
    }
    [[nodiscard]] std::byte* data() noexcept { return bytes().data(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    std::vector<std::int64_t> words_;
    std::size_t size_;
};

/// A clock that a test moves.
class ManualClock final : public platform::Clock {
  public:
    [[nodiscard]] std::int64_t nano_time() const noexcept override { return nano_time_; }
    [[nodiscard]] std::int64_t epoch_ns() const noexcept override { return epoch_ns_; }
    void advance(std::int64_t ns) noexcept {
        nano_time_ += ns;
        epoch_ns_ += ns;
    }
    void set_epoch_ms(std::int64_t epoch_ms) noexcept { epoch_ns_ = epoch_ms * 1'000'000; }

  private:
    std::int64_t nano_time_ = 1'000'000'000;
    std::int64_t epoch_ns_ = 1'700'000'000'000'000'000;
};

/// The content of a golden file, by its name below ../shared/golden; those named *.xz expanded.
inline AlignedBytes read_golden(const std::string& name) {
    const std::string path = std::string(TERN_SOURCE_DIR "/../shared/golden/") + name;
    const bool packed = name.ends_with(".xz");
    std::FILE* const file =
        packed ? ::popen(("xz -dc '" + path + "'").c_str(), "r") : std::fopen(path.c_str(), "rb");
    if (file == nullptr) throw std::runtime_error("cannot open " + path);
    std::vector<char> content;
    std::array<char, 1 << 16> piece{};
    while (const std::size_t length = std::fread(piece.data(), 1, piece.size(), file)) {
        content.insert(content.end(), piece.data(), piece.data() + length);
    }
    const int result = packed ? ::pclose(file) : std::fclose(file);
    if (result != 0 || content.empty()) throw std::runtime_error("cannot read " + path);
    AlignedBytes bytes(content.size());
    std::memcpy(bytes.data(), content.data(), content.size());
    return bytes;
}

/// Lines of a golden text file.
inline std::vector<std::string> golden_lines(const std::string& name) {
    AlignedBytes content = read_golden(name);
    std::vector<std::string> lines(1);
    for (const char c : as_text(content.bytes())) {
        if (c == '\n') {
            lines.emplace_back();
        } else {
            lines.back().push_back(c);
        }
    }
    if (lines.back().empty()) lines.pop_back();
    return lines;
}

}  // namespace tern::memory::testing
