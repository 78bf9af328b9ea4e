// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import org.jspecify.annotations.Nullable;

/**
 * This log can write no more: a newer owner has opened it, or its Kafka transaction expired. Close
 * everything of this owner; open the log again only if the group still assigns this migration here.
 */
public final class OwnerFencedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public OwnerFencedException(String what, @Nullable Throwable cause) {
        super(what, cause);
    }
}
