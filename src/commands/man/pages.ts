/** The manual pages, by the names of their files. */
export const manualPages = ["dkms-agent.8", "dkms-agent.yaml.5"] as const;
