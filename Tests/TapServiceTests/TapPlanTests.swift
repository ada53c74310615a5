// SPDX-License-Identifier: Apache-2.0

import TapService
import Testing

struct TapPlanTests {
    @Test("a rule that names nothing is one number and one action") func emptyRule() {
        let rule = TapRule(1, .accept)
        #expect(rule.transport == nil && rule.source == nil && rule.destination == nil && rule.flags == nil)
    }
}
