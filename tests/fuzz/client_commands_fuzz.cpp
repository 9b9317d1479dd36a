// What a driver takes from its clients: every command, decoded from the same bytes.

#include "tern/wire/commands.hpp"
#include "tests/fuzz/target.hpp"

using namespace tern;

namespace {

template <typename Command, typename... Texts>
void try_decode(ConstBytes bytes, Texts Command::*... texts) {
    if (const auto command = Command::decode(bytes)) {
        (fuzz::require(fuzz::is_inside((*command).*texts, bytes)), ...);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ConstBytes bytes = fuzz::input(data, size);
    try_decode<wire::ClientCommand>(bytes);
    try_decode(bytes, &wire::AddPublication::channel);
    try_decode<wire::RemovePublication>(bytes);
    try_decode(bytes, &wire::AddSubscription::channel);
    try_decode<wire::RemoveResource>(bytes);
    try_decode(bytes, &wire::DestinationCommand::channel);
    try_decode<wire::RemoveDestinationById>(bytes);
    try_decode(bytes, &wire::AddCounter::key, &wire::AddCounter::label);
    try_decode(bytes, &wire::AddStaticCounter::key, &wire::AddStaticCounter::label);
    try_decode(bytes, &wire::RejectImage::reason);
    try_decode<wire::GetNextAvailableSessionId>(bytes);
    try_decode(bytes, &wire::TerminateDriver::token);
    return 0;
}
