// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.connection;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Percent-encoding (RFC 3986, section 2.1), strictly: a plus is a plus, and the bytes must be
 * UTF-8.
 */
final class PercentCoding {
    private PercentCoding() {}

    static String decode(String text) {
        var bytes = new ByteArrayOutputStream();
        byte[] source = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < source.length; i++) {
            if (source[i] != '%') {
                bytes.write(source[i]);
                continue;
            }
            bytes.write(
                    i + 2 < source.length ? hex(source[i + 1]) << 4 | hex(source[i + 2]) : wrong());
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InvalidArgumentException("percent-encoded bytes must be UTF-8");
        }
    }

    private static int hex(byte digit) {
        int value = Character.digit(digit, 16);
        return value < 0 ? wrong() : value;
    }

    private static int wrong() {
        throw new InvalidArgumentException(
                "'%' must be followed by two hexadecimal digits (write a percent sign as %25)");
    }
}
