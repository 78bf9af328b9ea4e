// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.engine;

import java.util.List;

/** The three services. */
final class Services {
    static final String CONTROL = "control";

    static final List<Service> ALL =
            List.of(
                    new Service("capture", dev.godwit.capture.Main::start),
                    new Service("apply", dev.godwit.apply.Main::start),
                    new Service(CONTROL, dev.godwit.control.Main::start));

    private Services() {}
}
