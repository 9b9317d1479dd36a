#include "tern/node/kv_state.hpp"

#include "tern/base/error.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::node {
namespace {

constexpr std::size_t kCommandHeaderLength = 3;
constexpr std::size_t kEntryHeaderLength = 6;

static_assert(kEntryHeaderLength + KvState::kMaxKeyLength + KvState::kMaxValueLength <=
              KvState::kChunkLength);

void append(std::vector<std::byte>& to, ConstBytes bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

template <typename T>
void append_number(std::vector<std::byte>& to, T value) {
    to.resize(to.size() + sizeof(T));
    store<T>(to.data() + to.size() - sizeof(T), value);
}

}  // namespace

std::vector<std::byte> encode_kv_command(KvOperation operation, std::string_view key,
                                         std::string_view value) {
    std::vector<std::byte> command{static_cast<std::byte>(operation)};
    append_number(command, static_cast<std::uint16_t>(key.size()));
    append(command, as_bytes(key));
    append(command, as_bytes(value));
    return command;
}

ConstBytes KvState::apply(ConstBytes command) {
    answer_.assign(1, std::byte{});
    KvStatus status = KvStatus::malformed;
    if (command.size() >= kCommandHeaderLength) {
        const std::size_t key_length = tern::load<std::uint16_t>(command.data() + 1);
        const ConstBytes rest = command.subspan(kCommandHeaderLength);
        if (key_length <= rest.size() && key_length <= kMaxKeyLength) {
            const std::string_view key = as_text(rest.first(key_length));
            const std::string_view value = as_text(rest.subspan(key_length));
            switch (static_cast<KvOperation>(command[0])) {
                case KvOperation::put:
                    status = put(key, value);
                    break;
                case KvOperation::get:
                    status = get(key);
                    break;
                case KvOperation::del:
                    status = del(key);
                    break;
            }
        }
    }
    answer_[0] = static_cast<std::byte>(status);
    return answer_;
}

KvStatus KvState::put(std::string_view key, std::string_view value) {
    if (value.size() > kMaxValueLength) return KvStatus::malformed;
    const auto entry = entries_.find(key);
    const std::size_t freed = entry == entries_.end() ? 0 : entry->second.size();
    const std::size_t added = value.size() + (entry == entries_.end() ? key.size() : 0);
    if (total_length_ - freed + added > kMaxTotalLength) return KvStatus::full;
    total_length_ = total_length_ - freed + added;
    if (entry == entries_.end()) {
        entries_.emplace(key, value);
    } else {
        entry->second = value;
    }
    return KvStatus::ok;
}

KvStatus KvState::get(std::string_view key) {
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) return KvStatus::not_found;
    append(answer_, as_bytes(entry->second));
    return KvStatus::ok;
}

KvStatus KvState::del(std::string_view key) {
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) return KvStatus::not_found;
    total_length_ -= entry->first.size() + entry->second.size();
    entries_.erase(entry);
    return KvStatus::ok;
}

void KvState::save(const std::function<void(ConstBytes)>& sink) const {
    std::vector<std::byte> chunk;
    for (const auto& [key, value] : entries_) {
        if (chunk.size() + kEntryHeaderLength + key.size() + value.size() > kChunkLength) {
            sink(chunk);
            chunk.clear();
        }
        append_number(chunk, static_cast<std::uint16_t>(key.size()));
        append_number(chunk, static_cast<std::uint32_t>(value.size()));
        append(chunk, as_bytes(key));
        append(chunk, as_bytes(value));
    }
    if (!chunk.empty() && !planted(Fault::kv_snapshot_loses_last_chunk)) sink(chunk);
    sink({});
}

bool KvState::load(ConstBytes chunk) {
    if (chunk.empty()) return true;
    while (!chunk.empty()) {
        if (chunk.size() < kEntryHeaderLength) throw Error("kv snapshot: truncated entry");
        const std::size_t key_length = tern::load<std::uint16_t>(chunk.data());
        const std::size_t value_length = tern::load<std::uint32_t>(chunk.data() + 2);
        chunk = chunk.subspan(kEntryHeaderLength);
        if (key_length + value_length > chunk.size()) throw Error("kv snapshot: truncated entry");
        if (put(as_text(chunk.first(key_length)),
                as_text(chunk.subspan(key_length, value_length))) != KvStatus::ok) {
            throw Error("kv snapshot: entry beyond the limits");
        }
        chunk = chunk.subspan(key_length + value_length);
    }
    return false;
}

}  // namespace tern::node
