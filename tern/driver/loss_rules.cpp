#include "tern/driver/loss_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "tern/base/error.hpp"
#include "tern/wire/data_header.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::driver {

namespace {

constexpr std::size_t kMaxInterceptors = 10;

/// "key=value|key=value".
class Arguments {
  public:
    Arguments(std::string_view interceptor, std::string_view text)
        : interceptor_(interceptor), text_(text) {}

    template <typename T>
    [[nodiscard]] std::optional<T> find(std::string_view key, int base = 10) const {
        auto value = text_of(key);
        if (!value) return std::nullopt;
        if (base == 16 && value->starts_with("0x")) value->remove_prefix(2);
        T number{};
        const char* const end = value->data() + value->size();
        std::from_chars_result result{};
        if constexpr (std::is_floating_point_v<T>) {
            result = std::from_chars(value->data(), end, number);
        } else {
            result = std::from_chars(value->data(), end, number, base);
        }
        if (result.ec != std::errc{} || result.ptr != end) fail(fmt::format("{}={}", key, *value));
        return number;
    }
    template <typename T>
    [[nodiscard]] T get(std::string_view key) const {
        const auto value = find<T>(key);
        if (!value) fail(fmt::format("{} is missing", key));
        return *value;
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        throw ConfigurationError(
            fmt::format("arguments of interceptor {}: {} in \"{}\"", interceptor_, what, text_));
    }
    [[nodiscard]] std::optional<std::string_view> text_of(std::string_view key) const {
        for (std::string_view rest = text_; !rest.empty();) {
            const std::string_view entry = rest.substr(0, rest.find('|'));
            if (entry.starts_with(key) && entry.substr(key.size()).starts_with('=')) {
                return entry.substr(key.size() + 1);
            }
            rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
        }
        return std::nullopt;
    }

    std::string_view interceptor_;
    std::string_view text_;
};

/// Each datagram of the types in the mask is lost with the same probability. The draws are those of
/// erand48, so that a seed loses the same as upstream's driver would.
class RandomLoss final : public LossRule {
  public:
    explicit RandomLoss(const Arguments& arguments)
        : rate_(arguments.find<double>("rate").value_or(0)),
          mask_(arguments.find<std::uint32_t>("recv-msg-mask", 16).value_or(0)) {
        const auto seed = arguments.find<std::uint64_t>("seed").value_or(0);
        const auto word = [&](int shift) { return (seed >> shift) & 0xFFFF; };
        state_ = (word(0) << 32) | (word(16) << 16) | word(32);
    }
    bool loses(ConstBytes datagram) override {
        const auto header = wire::decode_frame_header(datagram);
        if (rate_ <= 0 || !header || header->type >= 32 || (mask_ >> header->type & 1) == 0) {
            return false;
        }
        state_ = (state_ * 0x5'DEEC'E66D + 0xB) & 0xFFFF'FFFF'FFFF;
        return static_cast<double>(state_) * 0x1p-48 <= rate_;
    }

  private:
    double rate_;
    std::uint32_t mask_;
    std::uint64_t state_ = 0;
};

/// The DATA frame that a datagram begins with, when it is of the term.
struct Piece {
    std::uint64_t stream;  // and session
    std::int64_t begin;    // within the term
    std::int64_t end;
};

std::optional<Piece> piece_of_term(ConstBytes datagram, std::int32_t term_id) {
    if (datagram.size() < sizeof(wire::DataHeader)) return std::nullopt;
    const auto header = load<wire::DataHeader>(datagram.data());
    if (header.type != wire::kDataFrameType || header.term_id != term_id) return std::nullopt;
    return Piece{(std::uint64_t{static_cast<std::uint32_t>(header.stream_id)} << 32) |
                     static_cast<std::uint32_t>(header.session_id),
                 header.term_offset, header.term_offset + std::ssize(datagram)};
}

/// What of a term lies before the end of a range is lost once, from the first datagram on.
class FixedLoss final : public LossRule {
  public:
    explicit FixedLoss(const Arguments& arguments)
        : term_id_(arguments.get<std::int32_t>("term-id")),
          end_(std::int64_t{arguments.get<std::int32_t>("term-offset")} +
               arguments.get<std::int32_t>("length")) {}
    bool loses(ConstBytes datagram) override {
        const auto piece = piece_of_term(datagram, term_id_);
        if (!piece) return false;
        std::int64_t& track = lost_up_to_.try_emplace(piece->stream, piece->begin).first->second;
        if (track >= end_ || piece->begin > track || track >= piece->end) return false;
        track = piece->end;
        return true;
    }

  private:
    std::int32_t term_id_;
    std::int64_t end_;
    std::map<std::uint64_t, std::int64_t> lost_up_to_;
};

/// In one term, a gap at each multiple of a radix, each lost once.
class MultiGapLoss final : public LossRule {
  public:
    explicit MultiGapLoss(const Arguments& arguments)
        : term_id_(arguments.get<std::int32_t>("term-id")),
          gap_length_(arguments.get<std::int32_t>("gap-length")) {
        const auto radix = arguments.get<std::uint32_t>("gap-radix");
        radix_ = std::bit_ceil(std::clamp<std::uint32_t>(radix, 1, 1U << 30));
        last_ = std::int64_t{arguments.get<std::int32_t>("total-gaps")} * radix + gap_length_;
    }
    bool loses(ConstBytes datagram) override {
        const auto piece = piece_of_term(datagram, term_id_);
        if (!piece) return false;
        std::int64_t& track = lost_up_to_.try_emplace(piece->stream, piece->begin).first->second;
        if (piece->begin > last_ || track > piece->begin || !touches_gap(*piece)) return false;
        track = piece->end;
        return true;
    }

  private:
    [[nodiscard]] bool touches_gap(const Piece& piece) const {
        const std::int64_t multiple = piece.begin - piece.begin % radix_;
        if (multiple > 0 && piece.begin < multiple + gap_length_) return true;
        const std::int64_t next = multiple + radix_;
        return piece.end > next && piece.begin < next + gap_length_;
    }

    std::int32_t term_id_;
    std::int64_t gap_length_;
    std::int64_t radix_ = 1;
    std::int64_t last_ = 0;
    std::map<std::uint64_t, std::int64_t> lost_up_to_;
};

std::unique_ptr<LossRule> make_rule(std::string_view name, const LossConfig& config) {
    if (name == "loss") return std::make_unique<RandomLoss>(Arguments(name, config.loss_args));
    if (name == "fixed-loss") {
        return std::make_unique<FixedLoss>(Arguments(name, config.fixed_loss_args));
    }
    if (name == "multi-gap-loss") {
        return std::make_unique<MultiGapLoss>(Arguments(name, config.multi_gap_loss_args));
    }
    throw ConfigurationError(
        fmt::format("unknown interceptor \"{}\": this driver has loss, fixed-loss and "
                    "multi-gap-loss",
                    name));
}

}  // namespace

std::vector<std::unique_ptr<LossRule>> make_loss_rules(const LossConfig& config) {
    std::vector<std::unique_ptr<LossRule>> rules;
    for (std::string_view rest = config.interceptors; !rest.empty();) {
        const std::string_view name = rest.substr(0, rest.find(','));
        if (rules.size() == kMaxInterceptors) {
            throw ConfigurationError(fmt::format("more than {} interceptors: {}", kMaxInterceptors,
                                                 config.interceptors));
        }
        rules.push_back(make_rule(name, config));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    }
    std::ranges::reverse(rules);
    return rules;
}

}  // namespace tern::driver
