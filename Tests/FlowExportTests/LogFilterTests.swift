// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import Testing

struct LogFilterTests {
    @Test(arguments: [
        (LogFilter.all, [Verdict.Action.unknown, .accept, .reject, .mixed]), (.accept, [.accept, .mixed]),
        (.reject, [.reject, .mixed]),
    ])
    func takesWhatItIsNamedAfter(filter: LogFilter, actions: [Verdict.Action]) {
        let verdicts: [Verdict] = [.unknown, .accept(.observed), .reject(.policy), .mixed(.ovsMegaflow)]
        #expect(verdicts.filter(filter.takes).map(\.action) == actions)
    }
}
