// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import java.util.ArrayList;
import java.util.List;

/**
 * Types that share a table of the test and a part of the docs' table.
 *
 * @param name of the group, and of its tables
 * @param types arrays included
 */
record TypeGroup(String name, List<TypeCase> types) {
    /** Arrays of domains and of composites that hold domains. */
    private static final int ARRAYS_OF_DOMAINS = 11;

    TypeGroup {
        types = List.copyOf(types);
    }

    /** These types and their arrays. */
    static TypeGroup of(String name, TypeCase... types) {
        List<TypeCase> all = new ArrayList<>();
        for (TypeCase type : types) {
            all.add(type);
            all.add(type.array(type.column().equals("box") ? ';' : ','));
        }
        return new TypeGroup(name, all);
    }

    /** These domains and their arrays, which 10 has not. */
    static TypeGroup ofDomains(String name, TypeCase... types) {
        List<TypeCase> all = new ArrayList<>();
        for (TypeCase type : types) {
            all.add(type);
            all.add(type.array(',').since(Math.max(type.since(), ARRAYS_OF_DOMAINS)));
        }
        return new TypeGroup(name, all);
    }

    TypeGroup in(int major) {
        return new TypeGroup(name, types.stream().filter(type -> type.in(major)).toList());
    }
}
