#include "dummy/outbox.h"

#include "wire/frame.h"

namespace threadrunner::dummy {

void Outbox::put(const wire::Json& event) {
    wire::append_frame(bytes_, wire::encode_msgpack(event));
}

void Outbox::sent(std::size_t bytes) {
    sent_ += bytes;
    if (empty() || sent_ >= full_bytes) {
        bytes_.erase(0, sent_);
        sent_ = 0;
    }
}

}  // namespace threadrunner::dummy
