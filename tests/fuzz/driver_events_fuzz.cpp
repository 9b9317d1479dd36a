// What a client takes from a driver: every event, decoded from the same bytes.

#include "tern/wire/responses.hpp"
#include "tests/fuzz/target.hpp"

using namespace tern;

namespace {

template <typename Event, typename... Texts>
void try_decode(ConstBytes bytes, Texts Event::*... texts) {
    if (const auto event = Event::decode(bytes)) {
        (fuzz::require(fuzz::is_inside((*event).*texts, bytes)), ...);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ConstBytes bytes = fuzz::input(data, size);
    try_decode(bytes, &wire::ErrorResponse::message);
    try_decode(bytes, &wire::ImageReady::log_file_name, &wire::ImageReady::source_identity);
    try_decode(bytes, &wire::PublicationReady::log_file_name);
    try_decode<wire::OperationSucceeded>(bytes);
    try_decode(bytes, &wire::ImageUnavailable::channel);
    try_decode<wire::SubscriptionReady>(bytes);
    try_decode<wire::CounterUpdate>(bytes);
    try_decode<wire::ClientTimeout>(bytes);
    try_decode<wire::NextAvailableSessionId>(bytes);
    try_decode(bytes, &wire::PublicationErrorResponse::message);
    return 0;
}
