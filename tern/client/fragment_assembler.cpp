#include "tern/client/fragment_assembler.hpp"

#include "tern/base/planted_fault.hpp"

namespace tern::client {

bool assemble(BufferBuilder& builder, ConstBytes payload, const Header& header) {
    if ((header.flags() & wire::data_flags::kBegin) != 0) {
        // A first fragment of several is full; an empty one comes from nobody we know.
        payload.empty() ? builder.reset() : builder.begin(payload, header);
        return false;
    }
    const bool follows = builder.follows(header) || planted(Fault::fragments_joined_over_gap);
    if (!follows || !builder.append(payload, header)) {
        builder.reset();
        return false;
    }
    return (header.flags() & wire::data_flags::kEnd) != 0;
}

BufferBuilder* SessionBuilders::find(const Header& header) {
    const bool begins = (header.flags() & wire::data_flags::kBegin) != 0;
    if (begins) {
        return &builders_.try_emplace(header.session_id(), initial_capacity_).first->second;
    }
    const auto found = builders_.find(header.session_id());
    return found == builders_.end() ? nullptr : &found->second;
}

}  // namespace tern::client
