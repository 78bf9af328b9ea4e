// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

/** A column that the load reads. */
public record SourceColumn(String name, Width width) {
    /** What is known of the widths of its values without reading them. */
    public enum Width {
        /** Not stored out of line: a few bytes, or at most a page. */
        BOUNDED,
        /** The text is as long as the value: text, varchar, char. */
        AS_STORED,
        /** The text is hexadecimal. */
        HEXADECIMAL,
        /** Only its output function knows. */
        UNKNOWN
    }
}
