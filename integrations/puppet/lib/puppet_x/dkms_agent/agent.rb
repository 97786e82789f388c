# frozen_string_literal: true

require 'json'
require 'open3'
require 'puppet'
require 'tempfile'

module PuppetX; end

module PuppetX::DkmsAgent
  # The program. What it decides is not decided here again: it is asked.
  module Agent
    PLACES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].freeze

    # The program is not on this host.
    class Missing < Puppet::Error; end

    # It could not do its work; the message says why, for people.
    class Refused < Puppet::Error; end

    # What is on the host, and what would be done to it: the document of `dkms-agent status --json`.
    def self.status
      document, problems = answer('status', '--json')
      raise Refused, problems.join("\n") unless document.key?('modules')

      document
    end

    # What would be done to a module if `file` were in the place of its document: the document of `dkms-agent plan --json`.
    # @raise [Refused] with every problem of the documents
    def self.plan(name, file, place)
      document, problems = answer('plan', '--json', '--module', name, '--candidate', file, '--in-place-of', place)
      raise Refused, problems.join("\n") unless document.key?('changes') && problems.empty?

      document
    end

    # Applies the documents for one module, and yields each event as it comes.
    # @return [Array(Integer, String)] the exit code as a shell has it, and what it printed for people
    def self.apply(name)
      Open3.popen3(environment, program, 'apply', '--json', '--module', name) do |input, output, errors, child|
        input.close
        complaints = Thread.new { errors.read }
        complaints.report_on_exception = false
        begin
          ended = false
          output.each_line { |line| yield parse(line) }
          ended = true
        ensure
          # Puppet was asked to stop: so is the agent, which takes back what is half done.
          Process.kill('TERM', child.pid) unless ended
        end
        [child.value.exitstatus || 128 + child.value.termsig, complaints.value]
      end
    end

    # A problem of a document or of the run, as one line.
    def self.problem(diagnostic)
      place = [diagnostic['file'], diagnostic.dig('range', 'line'), diagnostic.dig('range', 'column')].compact.join(':')
      hint = diagnostic['hint']
      "#{place.empty? ? '' : "#{place}: "}#{diagnostic['message']} [#{diagnostic['code']}]#{hint ? " #{hint}" : ''}"
    end

    def self.answer(*words)
      output, errors, process = Open3.capture3(environment, program, *words)
      document = parse(output)
      problems = (document['diagnostics'] || []).select { |one| one['severity'] == 'error' }.map { |one| problem(one) }
      return [document, problems] unless document.empty? && problems.empty?

      said = errors.strip.empty? ? "it ended with #{process.exitstatus || 'a signal'}" : errors.strip
      raise Refused, "dkms-agent #{words.first} gave no answer: #{said}"
    end
    private_class_method :answer

    def self.parse(text)
      return {} if text.strip.empty?

      document = JSON.parse(text.dup.force_encoding(Encoding::UTF_8))
      major = document['format_version']
      return document if major.nil? || major.start_with?('1.')

      raise Refused, "dkms-agent speaks format #{major}; this Puppet module knows 1: install the one that came with it"
    rescue JSON::ParserError
      raise Refused, "dkms-agent printed what is no JSON: #{text[0, 200]}"
    end
    private_class_method :parse

    def self.program
      places.map { |place| File.join(place, 'dkms-agent') }.find { |file| File.file?(file) && File.executable?(file) } ||
        raise(Missing, "dkms-agent is not installed: there is none in #{places.join(', ')}")
    end
    private_class_method :program

    # Puppet may run as a service with hardly a PATH.
    def self.places
      (ENV['PATH'] || '').split(':').select { |place| place.start_with?('/') } | PLACES
    end
    private_class_method :places

    def self.environment
      { 'PATH' => places.join(':') }
    end
    private_class_method :environment
  end
end
