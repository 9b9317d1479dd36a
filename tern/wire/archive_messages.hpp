#pragma once
// Every message of the archive's protocol (schema 101).

#include "tern/wire/archive_requests.hpp"
#include "tern/wire/archive_responses.hpp"
