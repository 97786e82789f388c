# frozen_string_literal: true

require 'json'

# @summary A hash as YAML in which every scalar is text, as dkms-agent reads it.
Puppet::Functions.create_function(:'dkms_agent::to_yaml') do
  # @param values What to write. Numbers with a point are refused: Puppet has lost the last zero of 1.10.
  # @return [String] YAML, one key a line
  # @example
  #   dkms_agent::to_yaml({ 'signing' => 'required', 'jobs' => 4 })
  dispatch :to_yaml do
    param 'Hash[String[1], Data]', :values
    return_type 'String'
  end

  def to_yaml(values)
    values.map { |key, value| "#{JSON.generate(key)}: #{JSON.generate(as_text(value, key))}\n" }.join
  end

  def as_text(value, key)
    case value
    when Hash then value.map { |name, item| [name, as_text(item, name)] }.to_h
    when Array then value.map { |item| as_text(item, key) }
    when Float
      raise Puppet::ParseError, "dkms_agent: #{key} is the number #{value}, and Puppet takes 1.10 for 1.1: write it in quotes"
    when nil
      raise Puppet::ParseError, "dkms_agent: #{key} is undef: leave the key out"
    else value.to_s
    end
  end
end
