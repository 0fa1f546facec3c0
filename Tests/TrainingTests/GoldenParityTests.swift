import Golden
import Tensors
import Testing
import Training

struct GoldenParityTests {
  @Test func `libtorch's networks match every recorded value of the published ones`() throws {
    var names: [String] = []
    try Selftest(on: .cpu).run(GoldenFile.embedded()) { report in
      names.append(report.name)
      for finding in report.findings {
        #expect(finding.error <= Selftest.tolerance, "\(report.name) \(finding.endpoint)")
      }
    }
    #expect(
      names == [
        "student_T16_K31", "student_T64_K31", "agcn_j_ntu_T300_V25_M2_K60", "agcn_j_smarthome_T400_V15_M1_K31",
        "attention_agcn2_smarthome_T64_V15_M1", "vpn_star_smarthome_T64_K31",
      ])
  }
}
